/** Each test that runs inside VS Code's extension host is one test here. */
import { expect, test } from 'vitest';
import { runHostTests } from './harness/host-tests.ts';

const { tests } = await runHostTests();

test('the suites ran', () => {
  expect(tests.length).toBeGreaterThan(0);
});

for (const { title, error } of tests) {
  test(title, () => {
    if (error !== undefined) {
      throw new Error(error);
    }
  });
}
