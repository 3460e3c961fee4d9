import { expect, test } from 'vitest';
import { unsupportedHost } from './host.ts';

test('Linux is supported', () => {
  expect(unsupportedHost('linux')).toBeUndefined();
});

test('Windows is sent to WSL2, in one sentence', () => {
  const sentence = unsupportedHost('win32') ?? '';
  expect(sentence).toContain('this window runs on Windows');
  expect(sentence).toContain('WSL2');
  expect(sentence.match(/\./g)).toHaveLength(1);
});

test('macOS and unknown systems are sent to a remote Linux', () => {
  expect(unsupportedHost('darwin')).toContain('macOS');
  expect(unsupportedHost('freebsd')).toContain('freebsd');
});
