import 'regenerator-runtime/runtime.js';
import { PassThrough } from 'node:stream';
import { GDB } from 'gdb-js';
import { describe, expect, test } from 'vitest';
import { MiLines, rewriteMiLine } from './mi-lines.ts';

/** What gdb-js makes of an answer to a command, when it comes through MiLines. */
async function parsed(answer: string | Buffer): Promise<object> {
  const lines = new MiLines();
  const gdb = new GDB({
    stdin: {
      write: (command) => {
        const token = /^\d+/.exec(command)?.[0] ?? '';
        lines.write(Buffer.concat([Buffer.from(token), Buffer.from(answer), Buffer.from('\n(gdb) \n')]));
      },
    },
    stdout: lines,
    stderr: new PassThrough(),
    kill: () => undefined,
  });
  return gdb.execMI('-some-command');
}

describe('gdb-js takes', () => {
  test.each([
    ['octal escapes below \\020', '^done,value="\\000\\001\\017\\033"', { value: '\0\x01\x0f\x1b' }],
    ['octal escapes of UTF-8', '^done,value="wei\\303\\237"', { value: 'weiß' }],
    ['simple escapes', '^done,value="\\a\\b\\e\\f\\n\\r\\t\\v\\\\\\""', { value: '\x07\b\x1b\f\n\r\t\v\\"' }],
    ['bytes that are no UTF-8', Buffer.from('^done,value="a\xffb"', 'latin1'), { value: 'a\ufffdb' }],
    ['octal escapes that are no UTF-8', '^done,value="a\\377b"', { value: 'a\ufffdb' }],
    [
      'capitals in names',
      '^done,BreakpointTable={nr_rows="0",body=[]}',
      { breakpointtable: { nr_rows: '0', body: [] } },
    ],
    ['digits in names, and keeps them apart', '^done,cr0="1",cr3="2"', { cra: '1', crd: '2' }],
    ['names in texts as they are', '^done,text="BreakpointTable=\\"X1\\""', { text: 'BreakpointTable="X1"' }],
    ['empty lists and tuples', '^done,a=[],b={}', { a: [], b: {} }],
    ['a carriage return at the end', '^done,a="1"\r', { a: '1' }],
  ])('%s', async (_, answer, result) => {
    expect(await parsed(answer)).toEqual(result);
  });

  test('an error with such bytes as an error', async () => {
    await expect(parsed('^error,msg="No symbol \\"\\001\\377\\" in current context."')).rejects.toThrow(/No symbol "/);
  });

  test('every byte in octal', async () => {
    const octal = Array.from({ length: 128 }, (_, byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
    const text = Array.from({ length: 128 }, (_, byte) => String.fromCharCode(byte)).join('');
    expect(await parsed(`^done,value="${octal}"`)).toEqual({ value: text });
  });
});

describe('lines', () => {
  test('come whole from pieces of any size', () => {
    const log: string[] = [];
    const lines = new MiLines((line) => log.push(line));
    lines.resume();
    const bytes = Buffer.from('~"weiß\\n"\n(gdb) \n*stopped,reason="x"\n^done');
    for (const byte of bytes) {
      lines.write(Buffer.from([byte]));
    }
    expect(log).toEqual(['~"weiß\\n"', '(gdb) ', '*stopped,reason="x"']);
  });

  test.each([
    ['a string that does not end', '~"abc', '~"abc"'],
    ['a backslash at the end', '~"abc\\', '~"abc\\\\"'],
    ['a line that is no record', 'BreakpointTable="\\001"', 'BreakpointTable="\\001"'],
    ['an empty line', '', ''],
  ])('%s does no harm', (_, line, rewritten) => {
    expect(rewriteMiLine(Buffer.from(line))).toBe(rewritten);
  });

  test('a megabyte of escapes is rewritten in no time', () => {
    const line = Buffer.from(`~"${'\\001\\n'.repeat(1 << 17)}"`);
    const begin = performance.now();
    expect(rewriteMiLine(line)).toHaveLength(3 + 3 * (1 << 17));
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});
