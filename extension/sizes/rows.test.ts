/** What a person reads in the symbol-size tree. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { expect, test } from 'vitest';
import { PREVIOUS_BUILD, type Row, type Summary } from '../../debug-adapter/elf/sizes/messages.ts';
import { DEFAULT_QUERY } from '../../debug-adapter/elf/sizes/tree.ts';
import { root } from '../test/read-manifest.ts';
import { bothSizes, homeLabel, rowText, rowTooltip, symbolLabel, viewDescription, viewMessage } from './rows.ts';

const summary: Summary = {
  path: '/k/build/sprout.elf',
  key: 'k',
  fileBytes: 4096,
  memoryBytes: 8192,
  symbols: 3,
  modified: 0,
  notes: [],
  hasPrevious: false,
};
const symbol: Row = {
  id: 'x',
  label: 'a::f(int)',
  role: 'symbol',
  fileBytes: 512,
  memoryBytes: 2048,
  symbols: 1,
  hasChildren: false,
  item: {
    kind: 'function',
    name: 'a::f(int)',
    linkName: '_ZN1a1fEi',
    section: '.text',
    sectionIndex: 1,
    address: 0,
    size: 2048,
    fileBytes: 512,
    memoryBytes: 2048,
    local: false,
    weak: true,
    aliases: ['g'],
    definition: { file: '/k/a.cc', line: 12 },
    declaration: { file: '/k/a.hh', line: 3 },
  },
};

test('sizes stand side by side where they differ, with a sign where they are changes', () => {
  expect(bothSizes({ memoryBytes: 1024, fileBytes: 1024 }, false)).toBe('1.0 KiB');
  expect(bothSizes({ memoryBytes: 1024, fileBytes: 0 }, false)).toBe('1.0 KiB · file 0 B');
  expect(bothSizes({ memoryBytes: 24, fileBytes: -8 }, true)).toBe('+24 B · file −8 B');
});

test('a row tells its sizes, its share, and what can be done with it', () => {
  const text = rowText(symbol, summary, DEFAULT_QUERY);
  expect(text).toMatchObject({ description: '2.0 KiB · 25.0% · file 512 B', icon: 'symbol-method' });
  expect(text.context).toBe('unikernel.size symbol source declaration code named');
  expect(text.spoken).toBe('a::f(int), 2.0 KiB · 25.0% · file 512 B');
  expect(rowText(symbol, summary, { ...DEFAULT_QUERY, measure: 'file' }).description).toContain('12.5%');
  const folder: Row = { ...symbol, role: 'folder', label: 'sched', hasChildren: true, symbols: 40 };
  delete folder.item;
  expect(rowText(folder, summary, DEFAULT_QUERY)).toMatchObject({ icon: 'folder', context: 'unikernel.size folder' });
});

test('in a comparison a row tells how it changed', () => {
  const compared: Summary = { ...summary, before: { path: PREVIOUS_BUILD, fileBytes: 4000, memoryBytes: 8192 } };
  expect(rowText({ ...symbol, change: 'new' }, compared, DEFAULT_QUERY)).toMatchObject({
    description: '+2.0 KiB · file +512 B · new',
    icon: 'diff-added',
  });
  expect(viewDescription(compared, DEFAULT_QUERY)).toBe(
    'sprout.elf by source · 0 B · file +96 B since the build before',
  );
});

test('the hover tells the definition, the declaration, and other names', () => {
  const text = rowTooltip(symbol, summary);
  expect(text).toContain('| Defined at | /k/a.cc:12 |');
  expect(text).toContain('| Declared at | /k/a.hh:3 |');
  expect(text).toContain('| Also called | g |');
  expect(text).toContain('| Linkage | weak |');
  expect(text).toContain('2,048 bytes');
});

test('what is filtered and what could not be told stands above the rows', () => {
  expect(viewMessage(summary, DEFAULT_QUERY)).toBeUndefined();
  expect(
    viewMessage({ ...summary, notes: ['It is stripped.'] }, { ...DEFAULT_QUERY, filter: 'x', minimum: 2048 }),
  ).toBe('Only what matches “x”. Rows below 2.0 KiB are told as one. It is stripped.');
});

test('a symbol is told without parameters; below its class without that', () => {
  const item = symbol.item;
  expect(item && symbolLabel(item, 'source')).toBe('a::f');
  expect(item && symbolLabel(item, 'name')).toBe('f');
  expect(item && symbolLabel({ ...item, kind: 'padding', name: '[padding]' }, 'source')).toBe('[padding]');
});

test('folders of the workspace are told by their name there', () => {
  const folders = [{ name: 'kernel', path: '/home/me/kernel' }];
  expect(homeLabel('/home/me/kernel', folders)).toBe('kernel');
  expect(homeLabel('/home/me/kernel/mm', folders)).toBe('kernel/mm');
  expect(homeLabel('/home/me/kernels', folders)).toBe('/home/me/kernels');
  expect(homeLabel('[padding]', folders)).toBe('[padding]');
});

test('all of it is told in the language of the window', () => {
  const english = JSON.parse(readFileSync(join(root, 'l10n/bundle.l10n.json'), 'utf8')) as Record<string, string>;
  l10n.config({ contents: Object.fromEntries(Object.keys(english).map((text) => [text, `«${text}»`])) });
  try {
    const compared: Summary = { ...summary, before: { path: PREVIOUS_BUILD, fileBytes: 4000, memoryBytes: 8192 } };
    expect(viewDescription(compared, DEFAULT_QUERY)).toBe(
      '«sprout.elf by source» · «0 B · «file +96 B» since the build before»',
    );
    expect(rowText({ ...symbol, change: 'gone', hasChildren: true, symbols: 2 }, compared, DEFAULT_QUERY).spoken).toBe(
      'a::f(int), +2.0 KiB · «file +512 B» · «gone», «2 symbols»',
    );
    const facts = rowTooltip(symbol, summary).split('\n').slice(4);
    expect(facts.length).toBeGreaterThan(6);
    expect(facts.filter((fact) => !fact.startsWith('| «'))).toEqual([]);
    expect(viewMessage(summary, { ...DEFAULT_QUERY, filter: 'x', minimum: 2048 })).toBe(
      '«Only what matches “x”.» «Rows below 2.0 KiB are told as one.»',
    );
  } finally {
    l10n.config({ contents: {} });
  }
});
