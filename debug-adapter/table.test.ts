import { expect, test } from 'vitest';
import { formatTable } from './table.ts';

const columns = [
  {
    title: 'n',
    align: 'right' as const,
    cell: (row: [number, string]) => `${row[0]}`,
  },
  { title: 'name', cell: (row: [number, string]) => row[1] },
];

test('columns are as wide as their widest cell and numbers stand right', () => {
  expect(
    formatTable(columns, [
      [5, 'a'],
      [1000, 'bc'],
    ]),
  ).toEqual(['     n  name', '     5  a', '  1000  bc']);
});

test('rows past the limit are counted, not dropped silently', () => {
  expect(
    formatTable(
      columns,
      [
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ],
      1,
    ),
  ).toEqual(['  n  name', '  1  a', '  … and 2 more']);
});
