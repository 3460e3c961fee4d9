import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findProgram } from './programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'programs-'));
beforeAll(() => {
  for (const name of ['first/gdb', 'second/gdb', 'second/tool', 'first/no-program']) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), '');
    chmodSync(join(folder, name), name.endsWith('no-program') ? 0o644 : 0o755);
  }
  mkdirSync(join(folder, 'first/tool'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const path = `${join(folder, 'first')}:${join(folder, 'second')}`;

test('a name is looked for on the PATH in order; folders and files that cannot be run are passed over', () => {
  expect(findProgram('gdb', '/', path)).toBe(join(folder, 'first/gdb'));
  expect(findProgram('tool', '/', path)).toBe(join(folder, 'second/tool'));
  expect(() => findProgram('no-program', '/', path)).toThrow(/^The program no-program is not on the PATH\.$/);
});

test('a relative path begins at the folder given', () => {
  expect(findProgram('second/gdb', folder, '')).toBe(join(folder, 'second/gdb'));
  expect(findProgram(join(folder, 'second/gdb'), '/nowhere', '')).toBe(join(folder, 'second/gdb'));
});

test('what is missing is told by name, and by the package that has it', () => {
  expect(() => findProgram('qemu-system-x86_64', '/', '/nowhere')).toThrow(
    'The program qemu-system-x86_64 is not on the PATH: install it with "sudo apt install qemu-system-x86".',
  );
  expect(() => findProgram('./gdb', '/nowhere', path)).toThrow('The program ./gdb does not exist or cannot be run.');
});
