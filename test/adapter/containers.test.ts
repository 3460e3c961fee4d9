/** Containers of libstdc++ and boost, as gdb shows them in Variables and in Live Watch: by their elements. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Gdb } from '../../debug-adapter/gdb/gdb.ts';
import { jsonOf, type MiRecord, quote, recordOf, textOf } from '../../debug-adapter/gdb/records.ts';
import { findProgram } from '../../debug-adapter/machine/programs.ts';

const HAS_BOOST = existsSync('/usr/include/boost/intrusive/list.hpp');
const SOURCE = fileURLToPath(new URL('fixtures/containers/containers.cc', import.meta.url));

let gdb: Gdb;
beforeAll(async () => {
  const program = join(inject('folder'), 'containers');
  execFileSync('g++', ['-std=c++20', '-g', '-Og', '-no-pie', SOURCE, '-o', program]);
  gdb = new Gdb({ program: findProgram('gdb', '/'), indexCache: join(inject('folder'), 'cache/index') });
  const stopped = new Promise<MiRecord>((resolve) => gdb.once('stopped', resolve));
  await gdb.execute(`-file-exec-and-symbols ${quote(program)}`);
  await gdb.execute('-break-insert fixture::filled');
  await gdb.execute('-exec-run');
  expect(textOf(await stopped, 'reason')).toBe('breakpoint-hit');
});
afterAll(async () => {
  // The program that it debugs ends with it.
  await gdb?.kill();
});

async function value(expression: string): Promise<MiRecord> {
  const answer = await gdb.execute(`-unikernel-evaluate 0 0 ${quote(expression)}`);
  return recordOf(answer, 'variable') ?? {};
}

async function children(expression: string, start = 0, count = 1000): Promise<MiRecord[]> {
  const command = `-unikernel-expand ${quote(expression)} ${start} ${count} 0`;
  return jsonOf<MiRecord[]>(await gdb.execute(command), 'variables') ?? [];
}

/** Each element as text; its expression has to name the same value again. */
async function elements(expression: string): Promise<string[]> {
  const rows = await children(expression);
  for (const row of rows) {
    expect((await value(textOf(row, 'expression') ?? '')).value).toBe(row.value);
  }
  return rows.map((row) => `${textOf(row, 'name')} ${textOf(row, 'value')}`);
}

test.each([
  ['no_numbers', '{0 elements}', []],
  ['numbers', '{3 elements}', ['[0] 1', '[1] 2', '[2] 3']],
  ['nested', '{2 elements}', ['[0] {1 element}', '[1] {2 elements}']],
  ['bits', '{0 elements}', []],
  ['array', '{4 elements}', ['[0] 4', '[1] 5', '[2] 6', '[3] 7']],
  ['empty_array', '{0 elements}', []],
  ['words', '{3 elements}', ['[0] "first"', '[1] "second with more than fifteen characters"', '[2] ""']],
  ['set', '{3 elements}', ["[0] 97 'a'", "[1] 98 'b'", "[2] 99 'c'"]],
  ['names', '{1 element}', ['[0] "only"']],
])('%s: %s', async (name, summary, expected) => {
  expect((await value(`fixture::${name}`)).value).toBe(summary);
  expect(await elements(`fixture::${name}`)).toEqual(expected);
});

test('texts come as gdb writes them, whatever is in them', async () => {
  const texts = await elements('fixture::odd');
  expect(texts[1]).toBe(String.raw`[1] "a \"b\" \\ c\n\t\001"`);
  expect(texts[2]).toBe('[2] "{[,]}"');
});

test('a map is in order, with keys and values', async () => {
  const pairs = await children('fixture::map');
  const texts = await Promise.all(
    pairs.map(async (pair) =>
      (await children(textOf(pair, 'expression') ?? '')).map((member) => textOf(member, 'value')),
    ),
  );
  expect(texts.map((members) => members.slice(-2))).toEqual([
    ['1', '"one"'],
    ['2', '"two"'],
    ['3', '"three"'],
  ]);
  const [pair] = await children('fixture::hash');
  expect((await value(`(${textOf(pair ?? {}, 'expression')}).second`)).value).toBe('25');
});

test('elements of a structure are opened', async () => {
  const [first] = await children('fixture::items');
  expect(first?.value).toBe('"one" {number = 1, name = {...}}');
  const members = await children(textOf(first ?? {}, 'expression') ?? '');
  expect(members.map((member) => [member.name, member.value])).toEqual([
    ['number', '1'],
    ['name', '"one"'],
  ]);
});

test.each([
  ['numbers[1] + numbers[2]', '5'],
  ['nested[1][0]', '20'],
  ['array[array[0] - 1]', '7'],
  ['items[1].name', '"two"'],
  ['words[1]', '"second with more than fifteen characters"'],
  ['many[2499]', '7'],
  ['many_nodes[1499]', '3'],
])('an element in an expression: %s', async (expression, expected) => {
  expect((await value(expression.replace(/\b[a-z_]+(?=\[)/g, 'fixture::$&'))).value).toBe(expected);
});

test('an element that is not there, and a broken list, are told', async () => {
  for (const index of [3, -1]) {
    await expect(value(`fixture::numbers[${index}]`)).rejects.toThrow(`There is no element [${index}].`);
  }
  await expect(value('fixture::words[3]')).rejects.toThrow('There is no element [3].');
  // Its walk is bounded; what it comes by is told for an element.
  expect((await value('fixture::broken[9999]')).value).toMatch(/^-?\d+$/);
  await expect(value('fixture::broken[10000]')).rejects.toThrow('There is no element [10000].');
});

test('a pointer that owns is a pointer', async () => {
  expect((await value('fixture::unique')).value).toMatch(/^0x[0-9a-f]+$/);
  const members = await children('fixture::unique');
  expect(members.map((member) => member.value)).toEqual(['9', '"nine"']);
  expect((await value('fixture::shared._M_ptr->number')).value).toBe('8');
});

test('pages of many elements', async () => {
  expect((await value('fixture::many')).indexed).toBe('2500');
  expect((await children('fixture::many', 2499, 10)).map((row) => row.name)).toEqual(['[2499]']);
  expect(await children('fixture::many', 0, 5000)).toHaveLength(1000);
  expect((await value('fixture::many_nodes')).value).toBe('{1000 or more elements}');
  expect((await children('fixture::many_nodes', 1499, 10)).map((row) => row.name)).toEqual(['[1499]']);
});

test('a broken list has an end', async () => {
  expect((await value('fixture::broken')).value).toBe('{1000 or more elements}');
  expect(await children('fixture::broken', 100_000, 10)).toHaveLength(10);
});

test('a tree that is broken has an end, too', async () => {
  expect(await elements('fixture::tree')).toEqual([expect.stringMatching(/^\[3\] 0x[0-9a-f]+$/)]);
  expect((await value('*fixture::tree[3]')).value).toBe('1');
  await expect(children('fixture::broken_tree')).rejects.toThrow(/^This tree is broken: it has more than \d+ nodes\.$/);
  await expect(value('fixture::broken_tree[7]')).rejects.toThrow(/^This tree is broken/);
});

describe.skipIf(!HAS_BOOST)('intrusive lists', () => {
  test.each([
    ['members', ['100', '101', '102']],
    ['derived', ['5', '6']],
    ['uncounted', []],
    ['singles', ['2', '1']],
  ])('%s', async (name, expected) => {
    for (const [index, number] of expected.entries()) {
      expect((await value(`fixture::${name}[${index}].number`)).value).toBe(number);
    }
    const rows = await children(`fixture::${name}`);
    const found = await Promise.all(
      rows.map(async (row) => (await value(`(${textOf(row, 'expression')}).number`)).value),
    );
    expect(found).toEqual(expected);
  });
});
