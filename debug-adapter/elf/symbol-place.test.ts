import { expect, test } from 'vitest';
import { mappedPath, placeText } from './symbol-place.ts';

test('a place says its line, and how far into the symbol it is', () => {
  expect(placeText({ symbol: 'f(int)', offset: 0x12, file: '/k/f.cc', line: 3 })).toBe('f(int)+0x12 (/k/f.cc:3)');
  expect(placeText({ symbol: 'start', offset: 0 })).toBe('start');
});

test('the longest prefix that a source map has is replaced', () => {
  const map = { '/build': '/home/me', '/build/kernel': '/work' };
  expect(mappedPath('/build/kernel/a.cc', map)).toBe('/work/a.cc');
  expect(mappedPath('/build/x.cc', map)).toBe('/home/me/x.cc');
  expect(mappedPath('/other/x.cc', map)).toBe('/other/x.cc');
});
