import { describe, expect, test } from 'vitest';
import type { SymbolPlace } from '../../debug-adapter/protocol.ts';
import { addressesIn, hasAddress, linesOf, namedLine, placesIn } from './text.ts';

const PLACE: SymbolPlace = {
  symbol: 'sprout::vnode_put(sprout::Vnode&)',
  offset: 0x12,
  file: '/k/fs/vnode.cc',
  line: 33,
};
const short = (path: string): string => path.replace('/k/', '');
/** What the links of a line cover. */
const covered = (text: string, place: SymbolPlace | null): string[] => {
  const [addresses = []] = addressesIn([text]);
  const named = namedLine(
    text,
    addresses,
    addresses.map(() => place),
    short,
  );
  return named.links.map(({ begin, end, file, line }) => `${named.text.slice(begin, end)} → ${file}:${line}`);
};

describe('addresses', () => {
  test.each([
    ['  #3 0xffffffff80102000', ['ffffffff80101fff']],
    ['[<ffffffff81234567>] do_exit+0x10/0x20', ['ffffffff81234566']],
    ['0x000000004023f1a9 <abort(char const*, ...)+265>', ['4023f1a8']],
    ['  rip ffffffff80102000  rsp ffff800000001000', ['ffffffff80102000', 'ffff800000000fff']],
    ['RIP: 0010:ffffffff80102000', ['ffffffff80102000']],
    ['rip=0x4023f1a9', ['4023f1a9']],
    ['PANIC: at 12:30, error code 0x10, id deadbeef', []],
    ['', []],
  ])('%j', (line, expected) => {
    expect(addressesIn([line])[0]?.map(({ at }) => at.toString(16))).toEqual(expected);
  });

  test('one that a register dump told is an instruction’s in the backtrace too', () => {
    const [, frames] = addressesIn(['  rip ffffffff80102000', '#0 0xffffffff80102000']);
    expect(frames?.map(({ at }) => at)).toEqual([0xffffffff80102000n]);
  });

  test('a line without end costs no more than one', () => {
    const begin = performance.now();
    expect(addressesIn(['0x123456 '.repeat(1_000_000)])[0]?.length).toBeLessThan(1000);
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});

test('what a box of one line has folded is unfolded', () => {
  expect(linesOf('Backtrace: #0 0xffffffff80102000 #1 0xffffffff80103000')).toEqual([
    'Backtrace:',
    '#0 0xffffffff80102000',
    '#1 0xffffffff80103000',
  ]);
  expect(linesOf('0xffffffff80102000 0xffffffff80103000')).toEqual(['0xffffffff80102000', '0xffffffff80103000']);
  expect(linesOf('a 0x40000000\r\nb 0x40000000')).toEqual(['a 0x40000000', 'b 0x40000000']);
  expect([hasAddress('nothing 0x12'), hasAddress('at 0x40001234.')]).toEqual([false, true]);
});

describe('a named line', () => {
  test('an address alone gets its name and place behind it; both lead there', () => {
    const text = '  #0 0xffffffff80102000\r';
    const [addresses = []] = addressesIn([text]);
    expect(namedLine(text, addresses, [PLACE], short).text).toBe(
      '  #0 0xffffffff80102000  sprout::vnode_put(sprout::Vnode&) (fs/vnode.cc:33)',
    );
    expect(covered(text, PLACE)).toEqual([
      '0xffffffff80102000 → /k/fs/vnode.cc:33',
      'fs/vnode.cc:33 → /k/fs/vnode.cc:33',
    ]);
  });

  test('a line that is named already stays as it is', () => {
    const text = '#1 0xffffffff80102000  f() (/other/f.cc:7)';
    const [addresses = []] = addressesIn([text]);
    expect(namedLine(text, addresses, [PLACE], short).text).toBe(text);
    expect(covered(text, PLACE)).toEqual(['/other/f.cc:7 → /other/f.cc:7', '0xffffffff80102000 → /k/fs/vnode.cc:33']);
  });

  test('several addresses are links, and the line keeps its form; what nobody knows is no link', () => {
    const text = 'rax ffffffff80102000  rbx ffffffff80102010';
    const [addresses = []] = addressesIn([text]);
    const named = namedLine(text, addresses, [PLACE, null], short);
    expect(named.text).toBe(text);
    expect(named.links).toHaveLength(1);
  });

  test('without a line the offset says where', () => {
    const [addresses = []] = addressesIn(['0xffffffff80102000']);
    const named = namedLine('0xffffffff80102000', addresses, [{ symbol: 'start', offset: 0x12 }], short);
    expect(named).toEqual({ text: '0xffffffff80102000  start+0x12', links: [] });
  });
});

test.each([
  ['assertion failed: before != 0 (fs/vnode.cc:33)', 'fs/vnode.cc', 33],
  ['at /work/x-1/a.hh:12:5', '/work/x-1/a.hh', 12],
  ['../core/entry.S:9', '../core/entry.S', 9],
])('a place in %j', (text, file, line) => {
  expect(placesIn(text)).toMatchObject([{ file, line }]);
});
