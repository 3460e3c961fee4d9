import { expect, test } from 'vitest';
import { deferred } from '../deferred.ts';
import type { SymbolPlace } from '../elf/symbol-place.ts';
import { GuestOutput } from './guest-output.ts';

const PLACES: Record<string, SymbolPlace> = {
  ffffffff80101fff: { symbol: 'faults::fall()', offset: 0x1f, file: '/src/faults.cc', line: 12 },
  ffffffff80102000: { symbol: 'other()', offset: 0, file: '/src/other.cc', line: 1 },
};

function shownBy(): { shown: string[]; output: GuestOutput } {
  const shown: string[] = [];
  const output = new GuestOutput(
    (text) => shown.push(text),
    async (address) => PLACES[address.toString(16)],
  );
  return { shown, output };
}

test('plain text is shown at once, also without a line end', () => {
  const { shown, output } = shownBy();
  output.write('login: ');
  output.write('root\nready\n');
  expect(shown).toEqual(['login: ', 'root\nready\n']);
});

test('a backtrace’s addresses are where calls return to: each is named by the call before it', async () => {
  const { shown, output } = shownBy();
  output.write('Backtrace:\n  #0 0xffffffff80102000\n  #1 0xffffffff80109999\nend\n');
  await output.end();
  expect(shown.join('')).toBe(
    'Backtrace:\n  #0 0xffffffff80102000  faults::fall() (/src/faults.cc:12)\n  #1 0xffffffff80109999\nend\n',
  );
});

test('the address that a register dump tells is the instruction itself', async () => {
  const { shown, output } = shownBy();
  output.write('  rip ffffffff80102000  rsp ffff800000001000\n#0 0xffffffff80102000\n');
  await output.end();
  expect(shown.join('')).toContain('#0 0xffffffff80102000  other() (/src/other.cc:1)\n');
});

test('a line in pieces is named as one, and what never becomes a backtrace is shown in the end', async () => {
  const { shown, output } = shownBy();
  for (const piece of ['  #', '0 0xffff', 'ffff80102000', '\r\n', '  #']) {
    output.write(piece);
  }
  await output.end();
  expect(shown.join('')).toBe('  #0 0xffffffff80102000  faults::fall() (/src/faults.cc:12)\n  #');
});

test('text behind a line that is being named waits for it; a name that cannot be had holds nothing up', async () => {
  const shown: string[] = [];
  const name = deferred<SymbolPlace | undefined>();
  const output = new GuestOutput(
    (text) => shown.push(text),
    () => name.promise,
  );
  output.write('a\n0xffffffff80102000\nb\n');
  output.write('c\n');
  expect(shown).toEqual(['a\n']);
  name.reject(new Error('no names here'));
  await output.end();
  expect(shown.join('')).toBe('a\n0xffffffff80102000\nb\nc\n');
});

test('wherever the pieces of a serial line’s text end, the same is shown', async () => {
  const text = '  rip ffffffff80102000  rsp 0\r\nBacktrace:\r\n  #0 0xffffffff80102000\r\n  #1 0xffffffff80102000\r\n';
  const whole = shownBy();
  whole.output.write(text);
  await whole.output.end();
  expect(whole.shown.join('')).toContain('other()');
  for (let at = 1; at < text.length; at++) {
    const { shown, output } = shownBy();
    output.write(text.slice(0, at));
    output.write(text.slice(at));
    await output.end();
    expect(shown.join('').replaceAll('\r', ''), `cut at ${at}`).toBe(whole.shown.join('').replaceAll('\r', ''));
  }
});
