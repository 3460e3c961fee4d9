import { expect, test } from 'vitest';
import { dialectOf, findCommandLines } from './launch-file.ts';

const json = `{
  // A comment.
  "version": "0.2.0",
  "configurations": [
    { "type": "unikernel", "kernel": "sprout", "commandLine": "echo \\"a b\\" \\u0041\\n;" },
    { "type": "unikernel", "kernel": "\${workspaceFolder}/build/loader.elf", "commandLine": "/hello" },
    { "type": "unikernel", "commandLine": "" },
    { "type": "cppdbg", "commandLine": "--panik" },
    { "type": "unikernel", "kernel": "other.elf", "commandLine": "x", },
    { "type": "unikernel", "commandLine": 7 },
  ],
}`;

test('the command lines of our configurations, with their kernels', () => {
  const lines = findCommandLines(json, 'osv');
  expect(lines.map(({ text, dialect }) => [text, dialect?.kernel])).toEqual([
    ['echo "a b" A\n;', 'sprout'],
    ['/hello', 'osv'],
    ['', 'osv'],
    ['x', undefined],
  ]);
  const [first] = lines;
  expect(first?.offsets).toHaveLength((first?.text.length ?? 0) + 1);
  const at = (index: number) => json.slice(first?.offsets[index], first?.offsets[index + 1]);
  expect([at(0), at(5), at(11), at(12), at(13)]).toEqual(['e', '\\"', '\\u0041', '\\n', ';']);
});

test('a workspace file keeps them under "launch"', () => {
  const text = '{"launch": {"configurations": [{"type": "unikernel", "kernel": "sprout", "commandLine": "hello"}]}}';
  expect(findCommandLines(text, undefined).map(({ text }) => text)).toEqual(['hello']);
});

test.each(['', '{', '[]', '{"configurations": {}}', '{"configurations": [1, null]}', 'nonsense'])(
  '%j has none',
  (text) => {
    expect(findCommandLines(text, 'sprout')).toEqual([]);
  },
);

test.each([
  ['sprout', 'sprout'],
  ['osv', 'osv'],
  ['/x/sprout-multiboot.elf', 'sprout'],
  ['build/release/loader-stripped.elf', 'osv'],
  ['kernel.elf', undefined],
  [undefined, undefined],
])('%s is %s', (kernel, dialect) => {
  expect(dialectOf(kernel)?.kernel).toBe(dialect);
});
