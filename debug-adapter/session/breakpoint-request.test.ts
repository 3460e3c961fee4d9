import { expect, test } from 'vitest';
import { parseHitCondition, parseLogMessage } from './breakpoint-request.ts';

test.each([
  ['5', { skip: 4 }],
  [' >= 5 ', { skip: 4 }],
  ['>=0', { skip: 0 }],
  ['> 5', { skip: 5 }],
  ['== 5', { skip: 4, once: true }],
  ['=1', { skip: 0, once: true }],
  ['% 5', { skip: 4, every: 5 }],
])('hit count %s', (text, expected) => {
  expect(parseHitCondition(text)).toEqual(expected);
});

test.each(['', 'five', '0', '% 0', '== 0', '-1', '< 5', '5 6', '1e3', '9999999999'])('“%s” is no hit count', (text) => {
  expect(() => parseHitCondition(text)).toThrow(/is no hit count/);
});

test.each([
  ['plain', ['plain']],
  ['a {b} c', ['a ', 'b', ' c']],
  ['{a}{b}', ['', 'a', '', 'b', '']],
  ['{ f({1, 2}) }', ['', ' f({1, 2}) ', '']],
  ['\\{no\\} \\\\ {x}', ['{no} \\ ', 'x', '']],
  ['unbalanced } and {x', ['unbalanced } and ', 'x']],
  ['', ['']],
])('log message %s', (message, parts) => {
  expect(parseLogMessage(message)).toEqual(parts);
});
