import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findKernelTree } from './trees.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unikernel-trees-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('this repository and its kernel folder are Sprout', async () => {
  const kernel = join(repository, 'kernel');
  expect(await findKernelTree(repository)).toEqual({ kernel: 'sprout', folder: kernel });
  expect((await findKernelTree(kernel))?.kernel).toBe('sprout');
});

test('another CMake project is no known tree', async () => {
  await writeFile(join(folder, 'CMakeLists.txt'), '# like sprout\nproject(sproutling CXX)\n');
  expect(await findKernelTree(folder)).toBeUndefined();
});

test('an empty and a missing folder are no known tree', async () => {
  expect(await findKernelTree(folder)).toBeUndefined();
  expect(await findKernelTree(join(folder, 'none'))).toBeUndefined();
});

test('a folder named CMakeLists.txt does no harm', async () => {
  await mkdir(join(folder, 'CMakeLists.txt'));
  expect(await findKernelTree(folder)).toBeUndefined();
});
