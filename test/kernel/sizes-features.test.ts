/** What is told beside sizes, on a program that has one of everything: sources, comparison, references, stacks, budgets, broken files. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ElfFile } from '../../debug-adapter/elf/elf-file.ts';
import { checkBudgets, readBudgets } from '../../debug-adapter/elf/sizes/budgets.ts';
import { SizesWorker } from '../../debug-adapter/elf/sizes/client.ts';
import { compareModels } from '../../debug-adapter/elf/sizes/compare.ts';
import { disassemble } from '../../debug-adapter/elf/sizes/disassembly.ts';
import { PREVIOUS_BUILD } from '../../debug-adapter/elf/sizes/messages.ts';
import type { SizeItem, SizeModel } from '../../debug-adapter/elf/sizes/model.ts';
import { readSizes } from '../../debug-adapter/elf/sizes/read.ts';
import { References } from '../../debug-adapter/elf/sizes/references.ts';
import { stackLines } from '../../debug-adapter/elf/sizes/report.ts';
import { findSymbol } from '../../debug-adapter/elf/sizes/service.ts';
import { stackUses } from '../../debug-adapter/elf/sizes/stack-use.ts';
import { buildTree, DEFAULT_QUERY, type SizeNode } from '../../debug-adapter/elf/sizes/tree.ts';
import { type Fixture, fixture } from './sizes/fixture.ts';

let program: Fixture;
beforeAll(() => {
  program = fixture();
});
afterAll(() => program.dispose());

function find(model: SizeModel, name: string): SizeItem {
  return findSymbol(model, name);
}

function rows(model: SizeModel) {
  return model.items.map((item) => ({ item, fileBytes: item.fileBytes, memoryBytes: item.memoryBytes }));
}

function labels(node: SizeNode | undefined): string[] {
  return node?.children.map((child) => child.label) ?? [];
}

describe('sources', () => {
  const forms: [string, string[]][] = [
    ['DWARF 5', ['-gdwarf-5']],
    ['DWARF 4', ['-gdwarf-4']],
    ['DWARF 3', ['-gdwarf-3', '-gstrict-dwarf']],
    ['64-bit DWARF', ['-gdwarf-5', '-gdwarf64']],
    ['compressed by zlib', ['-gz=zlib']],
    ['compressed the old way', ['-gz=zlib-gnu']],
    ['a position-independent executable', ['-fPIE', '-pie']],
    ['link-time optimisation', ['-flto', '-O2']],
    ['optimised, by section', ['-O2', '-ffunction-sections', '-Wl,--gc-sections']],
  ];
  test.each(forms)('%s', (name, flags) => {
    const path = program.build(`form-${name.replace(/\W/g, '-')}`, flags);
    const model = readSizes(path);
    expect(model.items.reduce((sum, item) => sum + item.fileBytes, 0)).toBe(statSync(path).size);
    expect(model.notes).toEqual([]);
    const twice = find(model, 'shapes::Shape::twice');
    expect(twice.definition).toEqual({ file: join(program.folder, 'shapes/shape.cc'), line: 6 });
    expect(find(model, 'shapes::g_shapes')).toMatchObject({
      definition: { file: join(program.folder, 'shapes/shape.cc'), line: 3 },
      declaration: { file: join(program.folder, 'shapes/shape.hh'), line: 10 },
    });
    expect(find(model, '(anonymous namespace)::deep').definition?.line).toBe(6);
    expect(find(model, 'shapes::largest<int>').definition?.file).toBe(join(program.folder, 'shapes/shape.hh'));
    expect(find(model, 'vtable for shapes::Shape').definition?.file).toBe(join(program.folder, 'shapes/shape.cc'));
    expect(find(model, '(anonymous namespace)::t_depth').definition?.line).toBe(4);
  });

  test('compressed by Zstandard; another way is told, and the sizes without sources', () => {
    const path = program.build('zstd', []);
    execFileSync('objcopy', ['--compress-debug-sections=zstd', path]);
    const definition = { file: join(program.folder, 'shapes/shape.cc'), line: 6 };
    expect(find(readSizes(path), 'shapes::Shape::twice').definition).toEqual(definition);
    const elf = new ElfFile(path);
    const section = elf.section('.debug_info');
    elf.close();
    const file = openSync(path, 'r+');
    writeSync(file, Uint8Array.of(77, 0, 0, 0), 0, 4, section?.offset ?? 0);
    closeSync(file);
    const model = readSizes(path);
    expect(model.notes).toEqual([expect.stringContaining('compressed with the unknown method 77')]);
    expect(model.items.reduce((sum, item) => sum + item.fileBytes, 0)).toBe(statSync(path).size);
    expect(find(model, 'shapes::Shape::twice').memoryBytes).toBeGreaterThan(0);
  });

  test('a program that was built elsewhere: sources are told where they are here, from the cache too', async () => {
    const path = program.build('elsewhere', [`-ffile-prefix-map=${program.folder}=/builder/tree`]);
    const cacheDirectory = join(program.folder, 'mapped');
    const sourceMap = { '/builder/tree': program.folder };
    const file = join(program.folder, 'shapes/shape.cc');
    for (const _round of ['read', 'from the cache']) {
      expect(find(readSizes(path, { cacheDirectory, sourceMap }), 'shapes::Shape::twice').definition?.file).toBe(file);
    }
    expect(find(readSizes(path, { cacheDirectory }), 'shapes::Shape::twice').definition?.file).toBe(
      '/builder/tree/shapes/shape.cc',
    );
    const worker = new SizesWorker(undefined);
    try {
      await worker.ask('open', { path });
      expect(await worker.ask('functions', { file })).toEqual([]);
      await worker.ask('open', { path, sourceMap });
      expect((await worker.ask('functions', { file })).length).toBeGreaterThan(2);
    } finally {
      await worker.stop();
    }
  });

  test('an alias is a second name, assembly without sizes reaches to the next symbol, fill is apart', () => {
    const model = readSizes(program.build('plain', []));
    const names = model.items.filter((item) => item.linkName === 'only_here' || item.linkName === 'same_place');
    expect(names).toHaveLength(1);
    expect([names[0]?.linkName, ...(names[0]?.aliases ?? [])].sort()).toEqual(['only_here', 'same_place']);
    const label = find(model, 'label_of_assembly');
    expect(label.kind).toBe('label');
    expect(label.memoryBytes).toBe(6);
    expect(find(model, '(anonymous namespace)::s_buffer')).toMatchObject({ memoryBytes: 4000, fileBytes: 0 });
  });

  test('by name: classes hold their functions and vtables, templates their instances', () => {
    const model = readSizes(program.build('plain', []));
    const tree = buildTree(rows(model), { ...DEFAULT_QUERY, grouping: 'name', sort: 'name' });
    const shapes = tree.children.find((node) => node.label === 'shapes');
    expect(labels(shapes)).toEqual(['Shape', 'g_shapes', 'largest<…>()']);
    expect(labels(shapes?.children[0])).toEqual(
      expect.arrayContaining(['twice() const', 'vtable', 'typeinfo', 'area() const']),
    );
    expect(shapes?.children[2]?.children).toHaveLength(2);
    const source = buildTree(rows(model), DEFAULT_QUERY);
    const folder = source.children.find((node) => node.label === program.folder);
    expect(labels(folder)).toEqual(expect.arrayContaining(['main.cc', 'shapes']));
    const filtered = buildTree(rows(model), { ...DEFAULT_QUERY, grouping: 'section', filter: 's_buffer' });
    expect(filtered).toMatchObject({ memoryBytes: 4000, symbols: 1 });
  });
});

test('a source that was changed since is told', () => {
  const path = program.build('stale', []);
  expect(readSizes(path).notes).toEqual([]);
  const later = new Date(Date.now() + 60_000);
  utimesSync(join(program.folder, 'main.cc'), later, later);
  expect(readSizes(path).notes).toEqual([
    `The source ${join(program.folder, 'main.cc')} is newer than ${path}: build it anew.`,
  ]);
});

test('an object file: every byte is told, symbols by their offset', () => {
  const path = program.build('object.o', ['-c', '-ffunction-sections'], undefined, ['main.cc']);
  const model = readSizes(path);
  expect(model.items.reduce((sum, item) => sum + item.fileBytes, 0)).toBe(statSync(path).size);
  expect(find(model, '(anonymous namespace)::s_buffer').memoryBytes).toBe(4000);
  expect(find(model, 'main').memoryBytes).toBeGreaterThan(20);
  expect(model.undefinedSymbols).toBeGreaterThan(3);
  const references = References.read(model);
  expect(references.retained(find(model, 'only_here')).referrers.map((item) => item.name)).toContain('main');
});

test('two builds are compared: grew, shrank, new, gone, and sums that hold', () => {
  const before = readSizes(program.build('before', []));
  const after = readSizes(
    program.build('after', [], (_file, text) =>
      text
        .replace('s_buffer[4000]', 's_buffer[5000]')
        .replace('return deeper(n) * 3;', 'return deeper(n);')
        .replaceAll('endless', 'renamed'),
    ),
  );
  const { rows: changed, fileBytes, memoryBytes } = compareModels(before, after);
  const change = (name: string) => changed.find((row) => row.item.name.startsWith(name));
  expect(change('(anonymous namespace)::s_buffer')).toMatchObject({ change: 'grew', memoryBytes: 1000, fileBytes: 0 });
  expect(change('only_here')?.change).toBe('shrank');
  expect(change('(anonymous namespace)::endless')?.change).toBe('gone');
  expect(change('(anonymous namespace)::renamed')?.change).toBe('new');
  expect(change('shapes::Shape::twice')?.change).toBe('same');
  expect(fileBytes).toBe(after.fileBytes - before.fileBytes);
  expect(memoryBytes).toBe(after.memoryBytes - before.memoryBytes);
  expect(compareModels(after, after).rows.every((row) => row.change === 'same')).toBe(true);
});

describe('references', () => {
  test('with the linker’s relocations: who refers, what only it keeps, by which way', () => {
    const model = readSizes(program.build('linked', ['-Wl,--emit-relocs', '-no-pie']));
    const references = References.read(model);
    const { referrers, retainedBytes, keeps, path } = references.retained(find(model, 'only_here'));
    expect(referrers.map((item) => item.name)).toEqual(['main']);
    const deeper = find(model, '(anonymous namespace)::deeper');
    expect(keeps).toContain(deeper);
    // `endless` calls it too.
    expect(keeps).not.toContain(find(model, '(anonymous namespace)::deep'));
    expect(retainedBytes).toBe(
      find(model, 'only_here').memoryBytes + keeps.reduce((sum, item) => sum + item.memoryBytes, 0),
    );
    expect(path.at(-2)?.name).toBe('main');
  });

  test('without them: one sentence', () => {
    const model = readSizes(program.build('plain', []));
    expect(() => References.read(model)).toThrow(/^The linker kept no relocations in .*-Wl,--emit-relocs\.$/);
  });

  test('worst-case stacks are frames along the deepest chain; recursion has none', () => {
    const folder = join(program.folder, 'stacks');
    mkdirSync(folder, { recursive: true });
    const model = readSizes(program.build('stacks/program', ['-Wl,--emit-relocs', '-no-pie', '-fstack-usage']));
    const { rows: uses } = stackUses(model, () => References.read(model));
    const use = (name: string) => uses.find((row) => row.item === find(model, name));
    const deep = use('(anonymous namespace)::deep');
    const deeper = use('(anonymous namespace)::deeper');
    expect(deep?.frame).toBeGreaterThanOrEqual(400);
    expect(deeper?.worst).toBe((deeper?.frame ?? 0) + 8 + (deep?.worst ?? 0));
    expect(
      use('only_here')
        ?.chain.slice(0, 3)
        .map((name) => name.replace(/\(int\)$/, '')),
    ).toEqual(['only_here', '(anonymous namespace)::deeper', '(anonymous namespace)::deep']);
    expect(stackLines(uses, [], 1000).join('\n')).toContain(
      '(anonymous namespace)::deeper → (anonymous namespace)::deep',
    );
    expect(use('(anonymous namespace)::endless')).toMatchObject({ isRecursive: true });
    expect(use('(anonymous namespace)::endless')?.worst).toBeUndefined();
  });
});

test('a function is disassembled beside its source', async () => {
  const model = readSizes(program.build('plain', []));
  const text = await disassemble('gdb', model.path, find(model, 'shapes::Shape::twice'));
  expect(text).toContain('shape.cc');
  expect(text).toMatch(/\bret\b/);
  await expect(disassemble('/nowhere/gdb', model.path, find(model, 'main'))).rejects.toThrow(/^gdb was not found/);
});

describe('budgets', () => {
  test('count by folder, section, symbol and measure; stripped is what strip leaves', () => {
    const path = program.build('plain', []);
    const model = readSizes(path);
    const file = join(program.folder, 'size-budgets.json');
    writeFileSync(
      file,
      JSON.stringify({
        budgets: [
          { folder: 'shapes', maximum: '1 KiB' },
          { symbol: 's_buffer', maximum: 3999 },
          { section: '.text', maximum: '1 MiB', measure: 'file' },
          { name: 'all', maximum: 0, measure: 'stripped' },
        ],
      }),
    );
    const [shapes, buffer, text, all] = checkBudgets(model, readBudgets(file), program.folder);
    expect(shapes?.bytes).toBeGreaterThan(50);
    expect(shapes?.bytes).toBeLessThan(1024);
    expect(buffer).toMatchObject({ bytes: 4000, maximum: 3999 });
    expect(text?.bytes).toBe(model.sections.find((section) => section.name === '.text')?.size);
    const stripped = join(program.folder, 'stripped');
    execFileSync('strip', ['-o', stripped, path]);
    // strip also drops section headers and moves what follows: within their size.
    expect(Math.abs((all?.bytes ?? 0) - statSync(stripped).size)).toBeLessThan(1200);
    rmSync(file);
  });

  test.each([
    ['{', /are no JSON/],
    ['{}', /have no list “budgets”/],
    ['{"budgets": [{"folder": "a"}]}', /budget 1 needs a “maximum”/],
    [
      '{"budgets": [{"maximum": 1}, {"maximum": 1, "symbol": "("}]}',
      /budget 2 has a “symbol” that is no regular expression/,
    ],
    ['{"budgets": [{"maximum": 1, "colour": "red"}]}', /unknown property “colour”/],
  ])('%s is told in a sentence', (text, message) => {
    const file = join(program.folder, 'wrong.json');
    writeFileSync(file, text);
    expect(() => readBudgets(file)).toThrow(message);
  });
});

describe('files that cannot be read are told in one sentence', () => {
  const cases: [string, (good: string, bad: string) => void, RegExp][] = [
    ['no file', () => {}, /cannot be opened: ENOENT\.$/],
    ['a folder', (_good, bad) => mkdirSync(bad), /is not a file\.$/],
    ['a pipe', (_good, bad) => execFileSync('mkfifo', [bad]), /is not a file\.$/],
    ['a text', (_good, bad) => writeFileSync(bad, 'hello'), /is not an ELF file\.$/],
    ['an empty file', (_good, bad) => writeFileSync(bad, ''), /is not an ELF file\.$/],
    ['a 32-bit one', (good, bad) => patch(good, bad, 4, 1), /is not a 64-bit little-endian ELF file\.$/],
    ['cut short', (good, bad) => cut(good, bad, 0.5), /is cut short or broken/],
    ['a memory dump', (good, bad) => patch(good, bad, 16, 4), /is a memory dump/],
  ];
  test.each(cases)('%s', (name, make, message) => {
    const good = program.build('plain', []);
    const bad = join(program.folder, `bad-${name.replace(/\W/g, '-')}`);
    make(good, bad);
    expect(() => readSizes(bad)).toThrow(message);
  });

  test('a stripped file tells its sections and says why no more', () => {
    const stripped = join(program.folder, 'stripped');
    execFileSync('strip', ['-o', stripped, program.build('static', ['-static'])]);
    const model = readSizes(stripped);
    expect(model.items.reduce((sum, item) => sum + item.fileBytes, 0)).toBe(statSync(stripped).size);
    expect(model.notes.join(' ')).toMatch(/no symbol table.*no debug information/);
  });

  test('whatever byte of the headers and debug data is broken, an answer or a sentence comes, and sums hold', () => {
    const good = readFileSync(program.build('plain', []));
    const bad = join(program.folder, 'bad-bytes');
    let seed = 12345;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      return seed % below;
    };
    const sections = readSizes(join(program.folder, 'plain'));
    expect(sections.items.length).toBeGreaterThan(50);
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(good);
      for (let count = 0; count < 4; count++) {
        const at =
          round % 3 === 0 ? random(1024) : round % 3 === 1 ? bytes.length - 1 - random(4000) : random(bytes.length);
        bytes[at] = random(256);
      }
      writeFileSync(bad, bytes);
      try {
        const model = readSizes(bad);
        expect(model.items.reduce((sum, item) => sum + item.fileBytes, 0)).toBe(bytes.length);
      } catch (error) {
        expect((error as Error).message).toMatch(/^[^\n]{10,300}\.$/);
      }
    }
  }, 120_000);
});

test('the worker answers from the cache by build id, tells the build before, and ends', async () => {
  const cacheDirectory = join(program.folder, 'cache');
  const worker = new SizesWorker(cacheDirectory);
  try {
    const path = program.build('again', []);
    const first = await worker.ask('open', { path });
    expect(first.fileBytes).toBe(statSync(path).size);
    const file = join(program.folder, 'main.cc');
    expect((await worker.ask('functions', { file })).every((one) => one.change === undefined)).toBe(true);
    program.build('again', [], (_file, text) =>
      text.replace('return deeper(n) * 3;', 'return deeper(n) * 3 + deep(n + 7);'),
    );
    await worker.ask('open', { path });
    const sizes = await worker.ask('functions', { file });
    expect(sizes.find((one) => one.name.startsWith('only_here'))).toMatchObject({ line: 20, isNew: false });
    expect(sizes.find((one) => one.name.startsWith('only_here'))?.change).toBeGreaterThan(0);
    expect(sizes.find((one) => one.name.includes('deeper'))?.change).toBe(0);
    const compared = await worker.ask('open', { path, compareWith: PREVIOUS_BUILD });
    expect(compared.hasPrevious).toBe(true);
    expect(compared.before?.fileBytes).toBe(first.fileBytes);
    const { rows: changed } = await worker.ask('rows', { query: DEFAULT_QUERY, parent: '', limit: 100 });
    expect(changed.length).toBeGreaterThan(0);
    await worker.ask('open', { path });
    // Another process, the same build: the build before is known still.
    const other = new SizesWorker(cacheDirectory);
    await other.ask('open', { path });
    expect(
      (await other.ask('functions', { file })).find((one) => one.name.startsWith('only_here'))?.change,
    ).toBeGreaterThan(0);
    await other.stop();
    const { rows: top } = await worker.ask('rows', { query: DEFAULT_QUERY, parent: '', limit: 100 });
    expect(top.length).toBeGreaterThan(3);
    await expect(worker.ask('open', { path: '/nowhere' })).rejects.toThrow('cannot be opened');
    const pending = worker.ask('open', { path: process.execPath });
    const ended = expect(pending).rejects.toThrow('The reading of sizes was ended.');
    await worker.stop();
    await ended;
  } finally {
    await worker.stop();
  }
});

function patch(good: string, bad: string, at: number, value: number): void {
  copyFileSync(good, bad);
  const descriptor = openSync(bad, 'r+');
  writeSync(descriptor, Buffer.from([value]), 0, 1, at);
  closeSync(descriptor);
}

function cut(good: string, bad: string, share: number): void {
  copyFileSync(good, bad);
  truncateSync(bad, Math.floor(statSync(good).size * share));
}
