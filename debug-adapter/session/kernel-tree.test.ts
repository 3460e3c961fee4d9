import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { chooseKernel } from './kernel-tree.ts';

const root = mkdtempSync(join(tmpdir(), 'kernel-tree-'));
afterAll(() => rmSync(root, { recursive: true }));

function makeTree(folder: string, project: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'CMakePresets.json'), '{}');
  writeFileSync(join(folder, 'CMakeLists.txt'), `cmake_minimum_required(VERSION 3.25)\nproject(${project} CXX)\n`);
  return folder;
}

const inside = makeTree(join(root, 'work/kernel'), 'sprout');
const other = makeTree(join(root, 'other'), 'sprouting');

test('Sprout’s tree is found in the folder, or in its kernel/', () => {
  const elf = join(inside, 'build/debug/sprout.elf');
  expect(chooseKernel({ kernel: undefined, cwd: inside })).toMatchObject({ elf, tree: { folder: inside } });
  expect(chooseKernel({ kernel: 'sprout', cwd: join(root, 'work') })).toMatchObject({ elf, tree: { folder: inside } });
});

test('a path is an ELF without a tree', () => {
  expect(chooseKernel({ kernel: 'k.elf', cwd: inside })).toEqual({ elf: join(inside, 'k.elf') });
});

test('what is not there is told', () => {
  expect(() => chooseKernel({ kernel: undefined, cwd: other })).toThrow(/^No kernel that is known stands in /);
  expect(() => chooseKernel({ kernel: 'sprout', cwd: other })).toThrow(/^There is no Sprout tree in /);
  expect(() => chooseKernel({ kernel: 'osv', cwd: other })).toThrow(/^There is no OSv tree in /);
});

test('OSv’s tree is told by its files; what it boots is what its last build left', () => {
  const osv = join(root, 'osv');
  for (const file of ['loader.cc', 'scripts/build', 'core/mempool.cc', 'build/last/cmdline', 'build/last/usr.img']) {
    mkdirSync(join(osv, file, '..'), { recursive: true });
    writeFileSync(join(osv, file), file.endsWith('cmdline') ? '--rootfs=rofs /hello\n' : '');
  }
  const { elf, tree } = chooseKernel({ kernel: undefined, cwd: osv });
  expect(elf).toBe(join(osv, 'build/last/loader.elf'));
  expect(tree?.commandLine()).toBe('--rootfs=rofs /hello');
  expect(tree?.disks()).toEqual([join(osv, 'build/last/usr.img')]);
  const debug = chooseKernel({ kernel: 'osv', cwd: osv, osv: { mode: 'debug', image: 'cli' } });
  expect(debug.elf).toBe(join(osv, 'build/debug.x64/loader.elf'));
});
