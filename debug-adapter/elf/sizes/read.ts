/** The whole account of a file, from the cache when this build was read before. */

import { statSync } from 'node:fs';
import { readBuildId } from '../build-id.ts';
import { ElfFile } from '../elf-file.ts';
import { accountSymbols, contentKey } from './account.ts';
import { loadModel, saveModel } from './cache.ts';
import type { Progress, SizeModel } from './model.ts';
import { mapSources, type SourceMap } from './source-map.ts';
import { addSources } from './sources.ts';
import { staleNote } from './stale.ts';

export interface ReadOptions {
  /** Where accounts are kept; undefined keeps none. */
  cacheDirectory?: string;
  progress?: Progress;
  /** Where the sources are on this machine, for a file that was built on another. */
  sourceMap?: SourceMap;
}

/** @throws Error with one sentence when the file is missing, foreign, broken, or a memory dump. */
export function readSizes(path: string, options: ReadOptions = {}): SizeModel {
  const elf = new ElfFile(path);
  try {
    const key = contentKey(elf, readBuildId(elf)?.id);
    const cached = options.cacheDirectory === undefined ? undefined : loadModel(options.cacheDirectory, key);
    if (cached) {
      return finished({ ...cached, path, modified: statSync(path).mtimeMs }, options);
    }
    const model = accountSymbols(elf, options.progress);
    addSources(elf, model, options.progress);
    if (options.cacheDirectory !== undefined) {
      saveModel(options.cacheDirectory, model);
    }
    return finished(model, options);
  } catch (error) {
    throw told(path, error);
  } finally {
    elf.close();
  }
}

/** What holds today and on this machine only is no part of what is kept. */
function finished(kept: SizeModel, { sourceMap = {} }: ReadOptions): SizeModel {
  const model = mapSources(kept, sourceMap);
  const note = staleNote(model);
  return note === undefined ? model : { ...model, notes: [note, ...model.notes] };
}

/** Reading past a buffer's end means one thing to the user. */
function told(path: string, error: unknown): unknown {
  const isOutside = error instanceof RangeError || (error as NodeJS.ErrnoException).code === 'ERR_OUT_OF_RANGE';
  return isOutside ? new Error(`${path} is cut short or broken.`) : error;
}
