import { describe, expect, test } from 'vitest';
import { osv } from './osv.ts';

function problems(text: string): string[] {
  return osv.parse(text).problems.map(({ start, end, severity }) => `${severity} ${text.slice(start, end)}`);
}

test('options end at the first word without a dash; programs are divided', () => {
  const { words, programs, problems } = osv.parse('--rootfs=rofs --env=A=b\\ c /hello "a b" --x; /b & /c&!\t/d !');
  expect(problems).toEqual([]);
  expect(words.slice(0, 2).map(({ text, option }) => [text, option?.name])).toEqual([
    ['--rootfs=rofs', 'rootfs'],
    ['--env=A=b c', 'env'],
  ]);
  expect(programs).toEqual([
    { words: ['/hello', 'a b', '--x'], isBackground: false },
    { words: ['/b'], isBackground: true },
    { words: ['/c'], isBackground: true },
    { words: ['/d'], isBackground: true },
  ]);
});

describe('what makes OSv power off', () => {
  test.each([
    ['--rotfs=rofs /a', ['error --rotfs=rofs']],
    ['-verbose /a', ['error -verbose']],
    ['--rootfs /a', ['error --rootfs']],
    ['--rootfs= /a', ['error --rootfs=']],
    ['--verbose=1 /a', ['error --verbose=1']],
    ['--maxnic=two /a', ['error --maxnic=two']],
    ['--delay=1.5 /a', []],
    ['--delay=soon /a', ['error --delay=soon']],
    ['--strace /a', ['error --strace']],
    ['--trace=vfs_*,sched* --strace --trace-backtrace /a', []],
    ['--env=A=1 --env=B=2 --env /a', ['error --env']],
    ['--console=seriel /a', ['error --console=seriel']],
  ])('%s', (text, expected) => {
    expect(problems(text)).toEqual(expected);
  });
});

test.each([
  ['--rootfs=rofs --rootfs=zfs /a', ['warning --rootfs=zfs']],
  ['--rootfs=rof /a', ['warning --rootfs=rof']],
  ['--mount-fs=nfs,nfs://x /a', ['warning --mount-fs=nfs,nfs://x']],
  ['--rootfs=rofs', ['warning --rootfs=rofs']],
  ['', ['warning ']],
  ['/a --rootfs=rofs', ['information --rootfs=rofs']],
  ['/a --verbose', []],
])('what OSv ignores, or does otherwise than it looks: %s', (text, expected) => {
  expect(problems(text)).toEqual(expected);
});

test('the mend is told with the mistake', () => {
  expect(osv.parse('--rotfs=rofs /a').problems[0]?.replacement).toBe('--rootfs=rofs');
  expect(osv.parse('-verbose /a').problems[0]?.replacement).toBe('--verbose');
  expect(osv.parse('--console=seriel /a').problems[0]?.replacement).toBe('--console=serial');
});

test('a long line is read in linear time', () => {
  const start = performance.now();
  osv.parse(`${'--env=A=b '.repeat(5_000)}${'/a "b" ; '.repeat(5_000)}${'"'.repeat(5_000)}`);
  expect(performance.now() - start).toBeLessThan(1_000);
});
