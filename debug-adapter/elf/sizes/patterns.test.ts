import { expect, test } from 'vitest';
import { compilePattern, searchBounded } from './patterns.ts';

test('what is found is told, also what another context made', () => {
  const texts = ['sprout::vfs', 'std::sort'];
  expect(
    searchBounded(compilePattern('^SPROUT', 'i'), (pattern) => texts.filter((text) => pattern.test(text))),
  ).toEqual(['sprout::vfs']);
});

test('what is no expression is told in a sentence, and so is one that never ends', () => {
  expect(() => compilePattern('(')).toThrow('“(” is not a regular expression.');
  const endless = compilePattern(String.raw`(\w+)*\W$`);
  expect(() => searchBounded(endless, (pattern) => pattern.test('a'.repeat(200)))).toThrow(
    String.raw`“(\w+)*\W$” takes too long to look for: repeat less inside of repetitions.`,
  );
}, 30_000);

test('a failure of the search itself stays what it is', () => {
  const fail = (): never => {
    throw new RangeError('mine');
  };
  expect(() => searchBounded(/a/, fail)).toThrow(RangeError);
});
