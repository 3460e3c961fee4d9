import { expect, test } from 'vitest';
import { TerminalText } from './terminal-text.ts';

test('line feeds return the carriage, once', () => {
  const text = new TerminalText();
  expect(text.append('one\ntwo\r\nthree')).toBe('one\r\ntwo\r\nthree');
  expect(text.all).toBe('one\r\ntwo\r\nthree');
});

test('the end of a long output is kept', () => {
  const text = new TerminalText();
  text.append('first\n');
  text.append('x'.repeat(300 * 1024));
  text.append('last\n');
  expect(text.all.length).toBe(256 * 1024);
  expect(text.all.endsWith('xlast\r\n')).toBe(true);
  expect(text.all).not.toContain('first');
});

test('a cleared terminal starts empty', () => {
  const text = new TerminalText();
  text.append('old');
  text.clear();
  expect(text.all).toBe('');
});
