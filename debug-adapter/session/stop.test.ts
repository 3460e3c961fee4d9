import { expect, test } from 'vitest';
import { stopFrom } from './stop.ts';

test.each([
  [
    { reason: 'breakpoint-hit', bkptno: '3' },
    { reason: 'breakpoint', thread: 7, breakpoint: '3' },
  ],
  [{ reason: 'end-stepping-range' }, { reason: 'step', thread: 7 }],
  [{ reason: 'function-finished' }, { reason: 'step', thread: 7 }],
  [{ reason: 'watchpoint-trigger' }, { reason: 'data breakpoint', thread: 7, description: 'Data breakpoint' }],
  [
    { reason: 'signal-received', 'signal-name': 'SIGINT' },
    { reason: 'pause', thread: 7 },
  ],
  [
    { reason: 'signal-received', 'signal-name': 'SIGSEGV', 'signal-meaning': 'Segmentation fault' },
    { reason: 'exception', thread: 7, description: 'Segmentation fault', text: 'SIGSEGV: Segmentation fault' },
  ],
  [{}, { reason: 'step', thread: 7 }],
])('%o', (record, stop) => {
  expect(stopFrom(record, 7, false)).toEqual(stop);
});

test('a pause is one whatever signal brings it; a breakpoint that comes first is a breakpoint', () => {
  expect(stopFrom({ reason: 'signal-received', 'signal-name': 'SIGTRAP' }, 1, true).reason).toBe('pause');
  expect(stopFrom({ reason: 'breakpoint-hit', bkptno: '1' }, 1, true).reason).toBe('breakpoint');
});
