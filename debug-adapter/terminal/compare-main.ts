/** The comparison of snapshots as a program of its own. */
import { compareMain } from './compare.ts';

void compareMain(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
