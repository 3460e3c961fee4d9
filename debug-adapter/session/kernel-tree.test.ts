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
  expect(() => chooseKernel({ kernel: 'osv', cwd: other })).toThrow(/run\.py/);
});
