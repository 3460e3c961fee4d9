/** Regular expressions that users write. Some of them, such as `(a+)+$`, would try for years: their time is bounded. */
import { runInNewContext } from 'node:vm';

/** Far more than an honest pattern takes for the names of a large kernel. */
const LIMIT_MS = 3000;

/** @throws Error with one sentence when `text` is no regular expression. */
export function compilePattern(text: string, flags = ''): RegExp {
  try {
    return new RegExp(text, flags);
  } catch {
    throw new Error(`“${text}” is not a regular expression.`);
  }
}

/**
 * What `search` finds with `pattern`. V8 ends a running expression for the timeout of a script only, so that one calls it.
 * @throws Error with one sentence when it takes longer than three seconds.
 */
export function searchBounded<T>(pattern: RegExp, search: (pattern: RegExp) => T): T {
  try {
    return runInNewContext('search(pattern)', { search, pattern }, { timeout: LIMIT_MS }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw error;
    }
    throw new Error(`“${pattern.source}” takes too long to look for: repeat less inside of repetitions.`);
  }
}
