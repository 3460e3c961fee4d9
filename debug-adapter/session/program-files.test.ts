import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LoadedProgram } from '../worker/observation.ts';
import { ProgramFiles } from './program-files.ts';

const HEADER_SIZE = 56;
let folder: string;

/** The least of an ELF file: its header, and one program header whose bytes are all `mark`. */
function elf(mark: number): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x7f454c46, 0);
  header.set([2, 1], 4);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(HEADER_SIZE, 54);
  header.writeUInt16LE(1, 56);
  return Buffer.concat([header, Buffer.alloc(HEADER_SIZE, mark)]);
}

function program(path: string, mark = 7): LoadedProgram {
  return { path, base: 0x1000_0000_0000, headers: Buffer.alloc(HEADER_SIZE, mark).toString('base64') };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'program-files-'));
  mkdirSync(join(folder, 'build'));
  mkdirSync(join(folder, 'apps/lib/deep'), { recursive: true });
  for (const file of ['apps/hello', 'apps/old', 'apps/lib/a.so', 'apps/lib/deep/b.so', 'build/libenviron.so']) {
    writeFileSync(join(folder, file), elf(7));
  }
  writeFileSync(
    join(folder, 'build/usr.manifest'),
    [
      '[manifest]',
      '/hello: ../apps/old',
      `/hello: ${join(folder, 'apps/hello')}`,
      '/usr/lib/**: ../apps/lib/**',
      '/opt/&: ../apps/lib/&',
      '/link: ->/hello',
      '/gcc.so: %(gccbase)s/gcc.so',
      '/moved: /elsewhere/apps/hello',
      '/gone: ../apps/gone',
    ].join('\n'),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function files(sourceMap: Record<string, string> = {}): ProgramFiles {
  const found = ProgramFiles.beside(join(folder, 'build/loader.elf'), sourceMap);
  if (!found) {
    throw new Error('There is a manifest.');
  }
  return found;
}

it('knows nothing where there is no manifest', () => {
  expect(ProgramFiles.beside(join(folder, 'apps/loader.elf'), {})).toBeUndefined();
});

it.each([
  ['/hello', 'apps/hello'],
  ['/usr/lib/deep/b.so', 'apps/lib/deep/b.so'],
  ['/opt/a.so', 'apps/lib/a.so'],
  ['libenviron.so', 'build/libenviron.so'],
])('finds %s as the manifest says, the last rule first, else beside the kernel', (path, file) => {
  expect(files().find(program(path))).toBe(join(folder, file));
});

it('maps paths of a tree that was built elsewhere as those of sources', () => {
  expect(() => files().find(program('/moved'))).toThrow(/its file is \/elsewhere\/apps\/hello/);
  expect(files({ '/elsewhere': folder }).find(program('/moved'))).toBe(join(folder, 'apps/hello'));
});

it('refuses another build, and says what is missing', () => {
  expect(() => files().find(program('/hello', 8))).toThrow(
    /apps\/(hello|old) is another build than the one in the image/,
  );
  expect(() => files().find(program('/gone'))).toThrow(/apps\/gone in usr\.manifest, which is not there/);
});
