import { describe, expect, test } from 'vitest';
import { parseThreadId, parseVCont } from './resume.ts';

describe('parseVCont', () => {
  test('continues all', () => {
    expect(parseVCont('vCont;c')).toEqual({ step: undefined, range: undefined, others: true, only: undefined });
  });

  test('steps one thread while the others run', () => {
    expect(parseVCont('vCont;s:1f;c')).toEqual({ step: 31, range: undefined, others: true, only: undefined });
  });

  test('steps one thread alone', () => {
    expect(parseVCont('vCont;S05:40000001')).toMatchObject({ step: 0x40000001, others: false });
  });

  test('steps out of a range', () => {
    expect(parseVCont('vCont;rffffffff80001000,ffffffff80001010:2;c:-1')).toEqual({
      step: 2,
      range: { start: 0xffffffff80001000n, end: 0xffffffff80001010n },
      others: true,
      only: undefined,
    });
  });

  test('continues one thread alone', () => {
    expect(parseVCont('vCont;c:5')).toMatchObject({ only: 5, others: false });
  });

  test.each(['vCont', 'vCont;', 'vCont;t', 'vCont;s:1;s:2', 'vCont;x', 'vCont;r1:1', 'vCont;s:zz'])(
    'refuses %s',
    (text) => {
      expect(parseVCont(text)).toBeUndefined();
    },
  );
});

test('parseThreadId reads hexadecimal, all, and a process before it', () => {
  expect(['1f', '-1', '0', 'p1.2', 'p1.-1', '', 'x'].map(parseThreadId)).toEqual([
    31,
    -1,
    0,
    2,
    -1,
    undefined,
    undefined,
  ]);
});
