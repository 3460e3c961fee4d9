import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const kernel = resolve(import.meta.dirname, '../../kernel');
const objects = ['command_line', 'environment'].map((name) => `CMakeFiles/kernel.dir/core/${name}.cc.o`);

/** Bytes of code in an object file: all its .text sections, as binutils' `size -A` tells them. */
function codeSize(object: string): number {
  const table = execFileSync('size', ['-A', resolve(kernel, 'build/release', object)], { encoding: 'utf8' });
  return [...table.matchAll(/^\.text\S*\s+(\d+)/gm)].reduce((sum, [, size]) => sum + Number(size), 0);
}

/** Roadmap D1: the parser stays in because it is small. */
test('the command line is parsed by less than 4 KB of code', () => {
  execFileSync('cmake', ['--preset', 'release'], { cwd: kernel, stdio: 'pipe' });
  execFileSync('ninja', ['-C', resolve(kernel, 'build/release'), ...objects], { stdio: 'pipe' });
  const sizes = objects.map(codeSize);
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(4096);
}, 120_000);
