/** Where on this machine the files of an OSv image came from, as its manifest tells. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readBuildId } from '../elf/build-id.ts';
import { ElfFile } from '../elf/elf-file.ts';
import type { LoadedProgram } from '../worker/observation.ts';

/** What OSv's build leaves beside its kernel. */
const MANIFESTS = ['usr.manifest', 'bootfs.manifest'];
const HEADER_SIZE = 64;

interface Rule {
  /** Matches the path in the guest; what `&`, `*` or `**` stood for is its first group. */
  guest: RegExp;
  /** The path here, with the same sign where that belongs. */
  host: string;
}

export class ProgramFiles {
  readonly #folder: string;
  readonly #sourceMap: Record<string, string>;

  /** The files of the image beside `kernel`; undefined where there is no manifest. */
  static beside(kernel: string, sourceMap: Record<string, string>): ProgramFiles | undefined {
    const folder = dirname(kernel);
    return existsSync(join(folder, MANIFESTS[0] ?? '')) ? new ProgramFiles(folder, sourceMap) : undefined;
  }

  private constructor(folder: string, sourceMap: Record<string, string>) {
    this.#folder = folder;
    this.#sourceMap = sourceMap;
  }

  /**
   * The file that a program was loaded from, with its symbols.
   * @throws Error with one sentence when there is none, or when it was built anew since.
   */
  find(program: LoadedProgram): string {
    const { path } = program;
    const candidates = [...this.#fromManifests(path), join(this.#folder, basename(path))].map((file) =>
      this.#here(file),
    );
    const found = candidates.filter((file) => existsSync(file));
    if (found.length === 0) {
      throw new Error(`${path} has no symbols: its file is ${candidates[0]} in ${MANIFESTS[0]}, which is not there.`);
    }
    const same = found.find((file) => isBuildOf(file, program));
    if (same === undefined) {
      throw new Error(`${path} has no symbols: ${found[0]} is another build than the one in the image.`);
    }
    return same;
  }

  /** The last rule that fits is the one that OSv's tools take. */
  #fromManifests(path: string): string[] {
    return MANIFESTS.flatMap((name) => readRules(join(this.#folder, name)))
      .reverse()
      .flatMap(({ guest, host }) => {
        const match = guest.exec(path);
        return match ? [resolve(this.#folder, host.replace(/\*\*|[*&]/, match[1] ?? ''))] : [];
      });
  }

  /** A tree that was built elsewhere: paths are mapped as those of sources are. */
  #here(file: string): string {
    const mapped = Object.entries(this.#sourceMap).find(([from]) => file === from || file.startsWith(`${from}/`));
    return mapped ? mapped[1] + file.slice(mapped[0].length) : file;
  }
}

/** Lines such as `/hello: ../apps/hello`; sections, links, and what names a variable of the build are left out. */
function readRules(file: string): Rule[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line): Rule[] => {
    const [, guest, host] = /^\s*(\/?[^:#[\]]+?)\s*:\s*(\S.*?)\s*$/.exec(line) ?? [];
    if (guest === undefined || host === undefined || host.startsWith('->') || host.includes('%(')) {
      return [];
    }
    return [{ guest: patternOf(guest), host }];
  });
}

function patternOf(guest: string): RegExp {
  const parts = guest.split(/(\*\*|[*&])/).map((part) => {
    if (part === '*') {
      return '([^/]*)';
    }
    return part === '**' || part === '&' ? '(.*)' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}

/** The same build id where the guest's can be read, and always the same program headers. */
function isBuildOf(file: string, { headers, buildId }: LoadedProgram): boolean {
  try {
    const elf = new ElfFile(file);
    try {
      const expected = Buffer.from(headers, 'base64');
      const table = Number(elf.read(0, HEADER_SIZE).readBigUInt64LE(32));
      const own = buildId === undefined ? undefined : readBuildId(elf)?.id;
      return elf.read(table, expected.length).equals(expected) && (own === undefined || own === buildId);
    } finally {
      elf.close();
    }
  } catch {
    return false;
  }
}
