import { describe, expect, test } from 'vitest';
import { jsonOf, type MiRecord, numberOf, quote, recordOf, recordsOf, textOf, textsOf } from './records.ts';

describe('quote', () => {
  test.each([
    ['a b', '"a b"'],
    ['say "x\\y"', '"say \\"x\\\\y\\""'],
    ['a\nb\tc\0d\x1f7', '"a\\012b\\011c\\000d\\0377"'],
    ['weiß', '"weiß"'],
    ['a\u0085b', '"ab"'],
    ['', '""'],
  ])('%j stays one argument of one line', (text, quoted) => {
    expect(quote(text)).toBe(quoted);
  });
});

describe('fields', () => {
  const record: MiRecord = {
    name: 'x',
    decimal: '12',
    hexadecimal: '0x1f',
    empty: '',
    words: 'no number',
    tuple: { a: '1' },
    list: [{ a: '1' }, { a: '2' }],
    named: [
      { name: 'frame', value: { level: '0' } },
      { name: 'frame', value: { level: '1' } },
    ],
    one: { level: '0' },
    texts: ['a', { b: 'c' }, 'd'],
    variables: [
      { name: 'x', value: '1' },
      { name: 'y', value: { a: '2' }, type: 'struct' },
    ],
  };

  test('are of the kind asked for, or none', () => {
    expect(textOf(record, 'name')).toBe('x');
    expect(textOf(record, 'tuple')).toBeUndefined();
    expect(textOf(record, 'missing')).toBeUndefined();
    expect(numberOf(record, 'decimal')).toBe(12);
    expect(numberOf(record, 'hexadecimal')).toBe(31);
    expect(['empty', 'words', 'missing', 'list'].map((name) => numberOf(record, name))).toEqual(
      Array(4).fill(undefined),
    );
    expect(recordOf(record, 'tuple')).toEqual({ a: '1' });
    expect(recordOf(record, 'list')).toBeUndefined();
    expect(recordOf(record, 'name')).toBeUndefined();
  });

  test('lists have their entries, named or not, one or many or none', () => {
    expect(recordsOf(record, 'list')).toEqual([{ a: '1' }, { a: '2' }]);
    expect(recordsOf(record, 'named')).toEqual([{ level: '0' }, { level: '1' }]);
    expect(recordsOf(record, 'one')).toEqual([{ level: '0' }]);
    expect(recordsOf(record, 'empty')).toEqual([]);
    expect(recordsOf(record, 'missing')).toEqual([]);
    expect(textsOf(record, 'texts')).toEqual(['a', 'd']);
    // A variable has a name and a value too: it is no named entry.
    expect(recordsOf(record, 'variables')).toEqual(record.variables);
  });

  test('a text of JSON is what it tells', () => {
    expect(jsonOf({ rows: '[{"a":"\\u00e9 \\"b\\""}]' }, 'rows')).toEqual([{ a: 'é "b"' }]);
    expect(jsonOf({}, 'rows')).toBeUndefined();
  });
});
