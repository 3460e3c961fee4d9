/** Saves a guest as a file that can be debugged later. */
import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import type { Machine } from '../machine/machine.ts';
import type { SaveSnapshotResponse } from '../protocol.ts';

/** Rejects with one sentence, and leaves no half of a file. */
export async function saveSnapshot(machine: Machine, file: string): Promise<SaveSnapshotResponse> {
  if (typeof file !== 'string' || !isAbsolute(file) || file.includes('\0')) {
    throw new Error('"file" must be an absolute path.');
  }
  if (!machine.saveCore) {
    throw new Error('Only a QEMU that can be asked by QMP can be saved.');
  }
  if (existsSync(file)) {
    throw new Error(`${file} exists already.`);
  }
  if (!existsSync(dirname(file))) {
    throw new Error(`There is no folder ${dirname(file)}.`);
  }
  try {
    await machine.saveCore(file);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
  return { size: (await stat(file)).size };
}
