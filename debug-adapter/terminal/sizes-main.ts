/** The sizes client as a program of its own. */
import { sizesMain } from './sizes.ts';

void sizesMain(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
