/** Saves a guest as a file that can be debugged later. */
import { existsSync } from 'node:fs';
import { rm, stat, statfs } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { LastWill } from '../machine/last-will.ts';
import type { Machine } from '../machine/machine.ts';
import { formatBytes } from '../units.ts';

/**
 * Writes the guest's RAM and CPUs to `file` as an ELF core, and answers its size in bytes. Rejects with one sentence, and leaves no half of a file.
 * @param file absolute; must not exist yet
 */
export async function saveSnapshot(machine: Machine, file: unknown): Promise<number> {
  if (typeof file !== 'string' || !isAbsolute(file) || file.includes('\0')) {
    throw new Error('"file" must be an absolute path.');
  }
  if (!machine.saveCore) {
    throw new Error(
      machine.kind === 'core'
        ? 'This is a snapshot already: copy its file.'
        : 'Only a QEMU that can be asked by QMP can be saved: attach with "qmp".',
    );
  }
  if (existsSync(file)) {
    throw new Error(`${file} exists already.`);
  }
  if (!existsSync(dirname(file))) {
    throw new Error(`There is no folder ${dirname(file)}.`);
  }
  await checkSpace(machine, dirname(file));
  // Should this process be killed meanwhile.
  const will = new LastWill('rm -f -- "$1"', file);
  try {
    await machine.saveCore(file);
    return (await stat(file)).size;
  } catch (error) {
    // What cannot be removed was not made.
    await rm(file, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    will.revoke();
  }
}

/** A full disk ends a dump half-way: where the size of RAM is known, that is told before. */
async function checkSpace({ ram }: Machine, folder: string): Promise<void> {
  const wanted =
    ram === undefined ? 0 : 'size' in ram ? ram.size : ram.regions.reduce((sum, { size }) => sum + size, 0);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < wanted) {
    throw new Error(
      `${folder} has only ${formatBytes(free)} of free space, and the snapshot takes ${formatBytes(wanted)}.`,
    );
  }
}
