/** Launch and attach configurations as they come from a client, checked field by field. */
import { resolve } from 'node:path';
import type { AttachArguments, CommonArguments, LaunchArguments, OsvBuild } from '../protocol.ts';

/** A configuration with its defaults filled in and its paths absolute. */
export interface CheckedCommon {
  /** As given: `sprout`, `osv` or a path; undefined: told from `cwd`. */
  kernel: string | undefined;
  cwd: string;
  sourceMap: Record<string, string>;
  gdb: string;
  logFile: string | undefined;
}

export interface CheckedLaunch extends CheckedCommon {
  request: 'launch';
  memory: string;
  cpus: number;
  machine: 'pc' | 'q35' | 'microvm';
  accelerator: 'auto' | 'tcg' | 'kvm';
  commandLine: string | undefined;
  /** Undefined: the known tree's own. */
  disks: string[] | undefined;
  networks: string[] | undefined;
  stopAtEntry: boolean;
  /** The folder; undefined: no snapshot. */
  snapshotOnPanic: string | undefined;
  qemu: string;
  extraQemuArguments: string[];
  /** Undefined: the known tree's own build. */
  build: string[] | undefined;
  buildEnvironment: Record<string, string>;
  osv: OsvBuild | undefined;
}

export interface CheckedAttach extends CheckedCommon {
  request: 'attach';
  qmp: string | undefined;
  gdbServer: string | undefined;
  core: string | undefined;
}

/** @throws Error with one sentence for the first bad value. */
export function checkLaunch(given: LaunchArguments): CheckedLaunch {
  const check = new Check(given);
  const common = checkCommon(check);
  return {
    ...common,
    request: 'launch',
    memory: check.memory('memory', '256M'),
    cpus: check.wholeNumber('cpus', 1, 8, 1),
    machine: check.oneOf('machine', ['pc', 'q35', 'microvm'], 'q35'),
    accelerator: check.oneOf('accelerator', ['auto', 'tcg', 'kvm'], 'auto'),
    commandLine: check.text('commandLine'),
    disks: check.texts('disks', undefined)?.map((disk) => resolve(common.cwd, disk)),
    networks: check.texts('networks', undefined),
    stopAtEntry: check.truth('stopAtEntry', false),
    snapshotOnPanic: check.folder('snapshotOnPanic', common.cwd),
    qemu: check.text('qemu') || 'qemu-system-x86_64',
    extraQemuArguments: check.texts('extraQemuArguments', []),
    build: check.texts('build', undefined),
    buildEnvironment: check.textMap('buildEnvironment'),
    osv: check.osv(),
  };
}

/** @throws Error with one sentence for the first bad value. */
export function checkAttach(given: AttachArguments): CheckedAttach {
  const check = new Check(given);
  const common = checkCommon(check);
  const qmp = check.text('qmp') || undefined;
  const gdbServer = check.text('gdbServer') || undefined;
  const core = check.text('core') || undefined;
  if (qmp === undefined && gdbServer === undefined && core === undefined) {
    throw new Error(
      'An attach configuration needs "qmp" (a running QEMU), "gdbServer" (any gdbstub) or "core" (a memory dump).',
    );
  }
  return {
    ...common,
    request: 'attach',
    qmp: qmp && address(common.cwd, qmp),
    gdbServer: gdbServer && address(common.cwd, gdbServer),
    core: core && resolve(common.cwd, core),
  };
}

function checkCommon(check: Check): CheckedCommon {
  const logFile = check.text('logFile');
  const cwd = resolve(check.text('cwd') || process.cwd());
  return {
    kernel: check.text('kernel') || undefined,
    cwd,
    sourceMap: check.textMap('sourceMap'),
    gdb: check.text('gdb') || 'gdb',
    logFile: logFile ? resolve(cwd, logFile) : undefined,
  };
}

/** `host:port`, `:port` and `unix:path` as QEMU writes them, or a path. */
function address(cwd: string, text: string): string {
  const plain = text.replace(/^(tcp|unix):/, '');
  return /^[^/]*:\d+$/.test(plain) ? plain.replace(/^:/, 'localhost:') : resolve(cwd, plain);
}

/** What OSv's scripts/build can make an image of. */
const OSV_FILE_SYSTEMS = ['rofs', 'zfs', 'ramfs', 'rofs_with_zfs', 'virtiofs'] as const;

/** Typed reading of an untyped object. An empty text or null counts as not given. */
class Check {
  readonly #given: Record<string, unknown>;

  constructor(given: CommonArguments) {
    this.#given = { ...given };
  }

  text(name: string): string | undefined {
    const value = this.#given[name] ?? undefined;
    if (value !== undefined && typeof value !== 'string') {
      throw bad(name, 'a text', value);
    }
    if (value?.includes('\0')) {
      throw new Error(`"${name}" must not contain a zero byte.`);
    }
    return value;
  }

  truth(name: string, otherwise: boolean): boolean {
    const value = this.#given[name] ?? otherwise;
    if (typeof value !== 'boolean') {
      throw bad(name, 'true or false', value);
    }
    return value;
  }

  /** True means `home`, where a relative path starts too; undefined: none is wanted. */
  folder(name: string, home: string): string | undefined {
    const value = this.#given[name] ?? false;
    if (typeof value === 'boolean') {
      return value ? home : undefined;
    }
    if (typeof value !== 'string' || value.includes('\0')) {
      throw bad(name, 'true, false or the path of a folder', value);
    }
    return value === '' ? undefined : resolve(home, value);
  }

  wholeNumber(name: string, low: number, high: number, otherwise: number): number {
    const value = this.#given[name] ?? otherwise;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
      throw bad(name, `a whole number from ${low} to ${high}`, value);
    }
    return value;
  }

  oneOf<T extends string>(name: string, choices: readonly T[], otherwise: T): T {
    const value = this.text(name) || otherwise;
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) {
      throw bad(name, `one of ${choices.join(', ')}`, value);
    }
    return choice;
  }

  memory(name: string, otherwise: string): string {
    const value = this.text(name) || otherwise;
    const [, digits, unit] = /^(\d{1,9})([KMG]?)$/i.exec(value) ?? [];
    const shift = { K: 10, M: 20, G: 30 }[(unit || 'M').toUpperCase()] ?? 20;
    const bytes = Number(digits) * 2 ** shift;
    if (!(bytes >= 2 ** 20 && bytes <= 2 ** 40)) {
      throw bad(name, 'RAM as QEMU takes it, such as 256M or 1G', value);
    }
    return unit ? value : `${value}M`;
  }

  texts<T extends string[] | undefined>(name: string, otherwise: T): string[] | T {
    const value = this.#given[name] ?? otherwise;
    if (value === undefined || value === otherwise) {
      return otherwise;
    }
    if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string' && !entry.includes('\0'))) {
      throw bad(name, 'a list of texts', value);
    }
    return value;
  }

  /** What to build in an OSv tree. */
  osv(): OsvBuild | undefined {
    const given = this.#given.osv ?? undefined;
    if (given === undefined) {
      return undefined;
    }
    if (typeof given !== 'object' || Array.isArray(given)) {
      throw bad('osv', 'an object with image, fs, mode and options', given);
    }
    const check = new Check(given);
    const image = check.text('image');
    const fs = check.text('fs') && check.oneOf('fs', OSV_FILE_SYSTEMS, 'rofs');
    const mode = check.text('mode') && check.oneOf('mode', ['release', 'debug'], 'release');
    const options = check.textMap('options');
    return { options, ...(image && { image }), ...(fs && { fs }), ...(mode && { mode }) };
  }

  textMap(name: string): Record<string, string> {
    const value = this.#given[name] ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) {
      throw bad(name, 'an object of texts', value);
    }
    const entries = Object.entries(value as object);
    if (!entries.every(([, text]) => typeof text === 'string')) {
      throw bad(name, 'an object of texts', value);
    }
    return Object.fromEntries(entries);
  }
}

function bad(name: string, wanted: string, value: unknown): Error {
  const shown = JSON.stringify(value) ?? String(value);
  return new Error(`"${name}" must be ${wanted}, not ${shown.length > 60 ? `${shown.slice(0, 57)}…` : shown}.`);
}
