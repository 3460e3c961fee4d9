import { expect, test } from 'vitest';
import { normaliseThread, parseStopReply } from './stop-reply.ts';

test('reads thread, signal and watchpoint', () => {
  expect(parseStopReply('T05thread:01;rwatch:000000000011cf78;')).toEqual({
    signal: 5,
    thread: '1',
    watch: { kind: 'rwatch', address: 0x11cf78n },
    rest: '',
  });
});

test('drops registers and cores, keeps the rest', () => {
  expect(parseStopReply('T0506:00;10:1122;core:1;thread:p01.0a;replaylog:begin;')).toEqual({
    signal: 5,
    thread: 'a',
    rest: 'replaylog:begin;',
  });
});

test('passes ends and errors on', () => {
  expect(parseStopReply('W00').final).toBe('W00');
  expect(parseStopReply('').final).toBe('');
  expect(parseStopReply('S02')).toEqual({ signal: 2, rest: '' });
});

test('normalises thread ids', () => {
  expect(['01', 'p01.02', '0', '00', 'P1'].map(normaliseThread)).toEqual(['1', '2', '0', '0', 'p1']);
});
