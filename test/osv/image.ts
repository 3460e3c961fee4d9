/** An image with an application of ours, made by the tree's own tool in a folder of its own: the tree stays as it is. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const APP_SOURCE = fileURLToPath(new URL('app/app.c', import.meta.url));
export const LATE_SOURCE = fileURLToPath(new URL('app/late.c', import.meta.url));

/** A master boot record. */
const SECTOR = 512;
const FIRST_ENTRY = 0x1be;
const ENTRY_SIZE = 16;
const LINUX = 0x83;

export interface AppImage {
  /** The tree's kernel, with our manifest beside it. */
  kernel: string;
  disk: string;
  commandLine: string;
}

/** @param folder is made; must not exist */
export function makeAppImage(tree: string, folder: string): AppImage {
  const build = join(tree, 'build/last');
  mkdirSync(folder);
  const compile = (source: string, output: string, ...flags: string[]): string => {
    execFileSync('gcc', ['-g', '-O0', '-Wall', '-Wextra', '-fPIC', ...flags, source, '-o', join(folder, output)]);
    return join(folder, output);
  };
  const app = compile(APP_SOURCE, 'app', '-pie', '-pthread');
  const late = compile(LATE_SOURCE, 'late.so', '-shared');
  const manifest = join(folder, 'usr.manifest');
  const rules = readFileSync(join(build, 'usr.manifest'), 'utf8').trimEnd();
  writeFileSync(manifest, `${rules}\n/app: ${app}\n/late.so: ${late}\n`);
  const files = join(folder, 'rofs.img');
  // Paths of the manifest begin in the build's folder.
  execFileSync(join(tree, 'scripts/gen-rofs-img.py'), ['-o', files, '-m', manifest], { cwd: build });
  const disk = join(folder, 'usr.img');
  writeFileSync(disk, withPartitionTable(readFileSync(files)));
  for (const file of ['loader.elf', 'libenviron.so']) {
    symlinkSync(join(build, file), join(folder, file));
  }
  return { kernel: join(folder, 'loader.elf'), disk, commandLine: '--rootfs=rofs /app' };
}

/** OSv looks for its files in the second partition: the first is for its own boot loader, which QEMU does not need. */
function withPartitionTable(files: Buffer): Buffer {
  const sectors = Math.ceil(files.length / SECTOR);
  const table = Buffer.alloc(SECTOR);
  const entry = FIRST_ENTRY + ENTRY_SIZE;
  table.writeUInt8(1, entry + 2); // OSv passes over an entry without a starting sector
  table.writeUInt8(LINUX, entry + 4);
  table.writeUInt32LE(1, entry + 8);
  table.writeUInt32LE(sectors, entry + 12);
  table.writeUInt16BE(0x55aa, SECTOR - 2);
  return Buffer.concat([table, files, Buffer.alloc(sectors * SECTOR - files.length)]);
}
