/** Whether a file was built before its sources were changed. */
import { statSync } from 'node:fs';
import type { SizeModel } from './model.ts';
import { sourceOf } from './tree.ts';

/** Enough of them to tell. */
const MOST_SOURCES = 5000;

/** One sentence when sources are newer than the file; undefined when they are not, or are not here. */
export function staleNote(model: SizeModel): string | undefined {
  const sources = new Set<string>();
  for (const item of model.items) {
    const source = sourceOf(item);
    if (source?.startsWith('/') && sources.size < MOST_SOURCES) {
      sources.add(source);
    }
  }
  let newer = 0;
  let newest = '';
  for (const source of sources) {
    const time = statSync(source, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (time > model.modified) {
      newer++;
      newest = source;
    }
  }
  if (newer === 0) {
    return undefined;
  }
  const what = newer === 1 ? `The source ${newest} is` : `${newer} sources are`;
  return `${what} newer than ${model.path}: build it anew.`;
}
