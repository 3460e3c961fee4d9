/** From a checked configuration to a guest under debug. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Gdb } from '../gdb/gdb.ts';
import { quote } from '../gdb/records.ts';
import { MappedRam } from '../guest/mapped-ram.ts';
import { openRam } from '../guest/ram.ts';
import { chooseAccelerator } from '../machine/accelerator.ts';
import { AttachedQemu, findRam } from '../machine/attached-qemu.ts';
import { CoreMachine } from '../machine/core/core-machine.ts';
import { ForeignStub } from '../machine/foreign-stub.ts';
import { LaunchedQemu } from '../machine/launched-qemu.ts';
import type { Machine } from '../machine/machine.ts';
import { findProgram } from '../machine/programs.ts';
import { RuntimeFolder } from '../machine/runtime-folder.ts';
import { patience } from '../patience.ts';
import { Stub } from '../stub/stub.ts';
import type { CheckedAttach, CheckedLaunch } from './arguments.ts';
import { Awareness, cacheFolder } from './awareness.ts';
import { Debuggee } from './debuggee.ts';
import { GuestPrograms } from './guest-programs.ts';
import { type KernelFile, readKernelFile } from './kernel-file.ts';
import { KernelScripts } from './kernel-scripts.ts';
import type { KernelChoice } from './kernel-tree.ts';
import { LiveGdb } from './live-gdb.ts';
import { ProgramFiles } from './program-files.ts';
import type { TrafficLog } from './traffic-log.ts';

/** How long a stub may take to let its guest go, in milliseconds. */
const DETACH_TIME_LIMIT = 5000;

export interface BootContext {
  log: TrafficLog | undefined;
  /** The guest's console, from its first byte. */
  console(text: string): void;
  /** `Awareness.kernel` or `notes` changed. */
  statusChanged(): void;
  /** gdb knows more symbols than before. The guest is stopped. */
  symbolsAdded(debuggee: Debuggee): Promise<void>;
  /** A sentence for the user that is no failure. */
  warn(text: string): void;
}

/** A boot and everything that must end with it. */
export interface Boot {
  debuggee: Debuggee;
  awareness: Awareness | undefined;
  kernel: KernelFile;
  /** Undefined where all code is the kernel's. */
  programs: GuestPrograms | undefined;
  scripts: KernelScripts;
  /** Whether to let it run once the client is ready. */
  resume: boolean;
  accelerator: 'tcg' | 'kvm' | undefined;
  /** A gdb for a guest that runs; ends with the boot. Rejects with one sentence where there can be none. */
  startLiveGdb(): Promise<LiveGdb>;
  /** Ends a launched guest; lets an attached one go. Idempotent. */
  dispose(): Promise<void>;
}

/** Starts QEMU paused, gdb and the worker together. Rejects with one sentence, and nothing is left. */
export function launch(options: CheckedLaunch, choice: KernelChoice, context: BootContext): Promise<Boot> {
  const accelerator = chooseAccelerator(options.accelerator);
  const program = findProgram(options.qemu, options.cwd);
  const kernel = readKernelFile(choice.elf);
  return assemble(options, kernel, context, async (folder) => {
    const machine = await LaunchedQemu.start(
      program,
      {
        kernel: bootFile(choice),
        commandLine: options.commandLine ?? choice.tree?.commandLine() ?? '',
        memory: options.memory,
        cpus: options.cpus,
        machine: options.machine,
        accelerator,
        disks: options.disks ?? choice.tree?.disks() ?? [],
        networks: options.networks ?? choice.tree?.networks ?? [],
        extraArguments: options.extraQemuArguments,
      },
      folder,
      context.console,
      context.log?.lines('QMP'),
    );
    return { machine, resume: true, accelerator };
  });
}

/** The same build without its debug information loads faster, where the tree has it. */
function bootFile({ elf, tree }: KernelChoice): string {
  return tree?.bootFile !== undefined && existsSync(tree.bootFile) ? tree.bootFile : elf;
}

/** Connects to a guest that runs already. Rejects with one sentence, and the guest is as it was. */
export function attach(options: CheckedAttach, choice: KernelChoice, context: BootContext): Promise<Boot> {
  const kernel = readKernelFile(choice.elf);
  return assemble(options, kernel, context, async (folder) => {
    if (options.core !== undefined) {
      return { machine: await CoreMachine.open(options.core, kernel, folder), resume: false, accelerator: undefined };
    }
    if (options.qmp === undefined) {
      return { machine: new ForeignStub(options.gdbServer ?? ''), resume: false, accelerator: undefined };
    }
    const machine = await AttachedQemu.attach(options.qmp, options.gdbServer, folder, context.log?.lines('QMP'));
    return { machine, resume: machine.wasRunning, accelerator: undefined };
  });
}

interface Started {
  machine: Machine;
  resume: boolean;
  accelerator: 'tcg' | 'kvm' | undefined;
}

type Parts = { -readonly [name in 'folder' | 'gdb' | 'machine' | 'stub' | 'awareness' | 'live']?: Disposables[name] };
interface Disposables {
  folder: RuntimeFolder;
  gdb: Gdb;
  machine: Machine;
  stub: Stub;
  awareness: Awareness;
  live: LiveGdb;
}

async function assemble(
  options: CheckedLaunch | CheckedAttach,
  kernel: KernelFile,
  context: BootContext,
  start: (folder: RuntimeFolder) => Promise<Started>,
): Promise<Boot> {
  const parts: Parts = {};
  let isDisposed = false;
  try {
    const gdbProgram = findProgram(options.gdb, options.cwd);
    warnOfMissing(kernel, context);
    const folder = new RuntimeFolder();
    parts.folder = folder;
    const gdb = startGdb(gdbProgram, folder, context);
    parts.gdb = gdb;
    const awareness = kernel.hasDebugInformation
      ? new Awareness(kernel.path, gdbProgram, options.sourceMap, context.statusChanged)
      : undefined;
    if (awareness) {
      parts.awareness = awareness;
    }
    // Nothing may throw from here on until both are waited for.
    const loading = loadSymbols(gdb, kernel.path, options.sourceMap);
    const starting = startTarget(() => start(folder), loading, parts, { folder, awareness, context });
    const [{ started, stub }] = await bothOrNeither(starting, loading);
    // gdb takes the rest of the line as it is.
    await gdb.execute(`-target-select remote ${stub.address}`);
    const debuggee = new Debuggee(gdb, started.machine, stub);
    await debuggee.begin();
    await findRamThroughGdb(started.machine, gdb);
    awareness?.open(started.machine.ram);
    if (!started.resume) {
      await nameThreads(stub, awareness);
    }
    return {
      debuggee,
      awareness,
      kernel,
      scripts: new KernelScripts(kernel.path),
      programs: findPrograms(debuggee, awareness, options.sourceMap, context),
      resume: started.resume,
      accelerator: started.accelerator,
      startLiveGdb: async () => {
        const live = await LiveGdb.start({
          program: gdbProgram,
          indexCache: indexCache(folder),
          elf: kernel.path,
          sourceMap: options.sourceMap,
          machine: started.machine,
          folder,
          log: context.log?.lines('MI'),
        });
        if (isDisposed) {
          await live.dispose();
          throw new Error('The session has ended.');
        }
        parts.live = live;
        return live;
      },
      dispose: () => {
        isDisposed = true;
        return disposeOf(parts);
      },
    };
  } catch (error) {
    await disposeOf(parts);
    throw error;
  }
}

/** The machine and our stub over it, both in `parts` as soon as they are there. */
async function startTarget(
  start: () => Promise<Started>,
  loading: Promise<void>,
  parts: Parts,
  around: { folder: RuntimeFolder; awareness: Awareness | undefined; context: BootContext },
): Promise<{ started: Started; stub: Stub }> {
  const started = await start();
  parts.machine = started.machine;
  if (started.machine.kind === 'attached') {
    // A guest that runs stops when we connect: not before gdb is ready.
    await loading;
  }
  const stub = await listen(started.machine, around.folder, around.awareness, around.context);
  parts.stub = stub;
  return { started, stub };
}

/** A failure waits for the first: what it has started by then is known. */
async function bothOrNeither<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  try {
    return await Promise.all([first, second]);
  } catch (error) {
    second.catch(() => undefined);
    await first.catch(() => undefined);
    throw error;
  }
}

/** Where an image's manifest stands beside the kernel. */
function findPrograms(
  debuggee: Debuggee,
  awareness: Awareness | undefined,
  sourceMap: Record<string, string>,
  context: BootContext,
): GuestPrograms | undefined {
  const files = awareness && ProgramFiles.beside(awareness.elf, sourceMap);
  return (
    files &&
    new GuestPrograms(debuggee, awareness, files, {
      added: () => context.symbolsAdded(debuggee),
      warn: context.warn,
    })
  );
}

function warnOfMissing(kernel: KernelFile, context: BootContext): void {
  if (!kernel.hasDebugInformation) {
    context.warn(
      `${kernel.path} has no debug information: there are functions and registers, but no source lines, variables or views; build it with -g.`,
    );
  }
}

function startGdb(program: string, folder: RuntimeFolder, context: BootContext): Gdb {
  return new Gdb({ program, indexCache: indexCache(folder), log: context.log?.lines('MI') });
}

/** Where gdb keeps its indexes of symbols; made when it is missing. Where that cannot be written: as long as the boot lasts. */
function indexCache(runtime: RuntimeFolder): string {
  const folder = join(cacheFolder(), 'index');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch {
    return runtime.file('index');
  }
}

async function loadSymbols(gdb: Gdb, elf: string, sourceMap: Record<string, string>): Promise<void> {
  // Before the target is connected: else neither interrupts while it runs nor 64-bit registers at reset work.
  await gdb.execute('-gdb-set mi-async on');
  await gdb.execute(`-file-exec-and-symbols ${quote(elf)}`);
  await gdb.execute('-gdb-set architecture i386:x86-64');
  for (const [from, to] of Object.entries(sourceMap)) {
    await gdb.execute(`-gdb-set substitute-path ${quote(from)} ${quote(to)}`);
  }
}

/** What the stub reads at a stop; undefined where RAM is not a file. */
function stopRam({ ram }: Machine): MappedRam | undefined {
  return ram === undefined || ram.kind === 'qmp' ? undefined : new MappedRam(openRam(ram));
}

async function listen(
  machine: Machine,
  folder: RuntimeFolder,
  awareness: Awareness | undefined,
  context: BootContext,
): Promise<Stub> {
  const log = context.log?.lines('RSP');
  const ram = stopRam(machine);
  return Stub.listen({
    upstream: machine.gdbServer,
    ram,
    socketPath: folder.file('stub'),
    onKill: machine.kind === 'launched' ? 'forward' : 'detach',
    ...(awareness && { threads: awareness }),
    ...(log && { log }),
  }).catch((error: unknown) => {
    ram?.close();
    throw error;
  });
}

/** A guest that stands where we found it has threads; gdb was connected before its RAM was found. */
async function nameThreads(stub: Stub, awareness: Awareness | undefined): Promise<void> {
  if ((await awareness?.standsSomewhere()) !== undefined) {
    await stub.setKernelThreads(awareness);
  }
}

/** A bare stub may still be QEMU's, on this host: its monitor tells where the RAM is. */
async function findRamThroughGdb(machine: Machine, gdb: Gdb): Promise<void> {
  if (machine instanceof ForeignStub) {
    machine.useRam(await findRam(machine.gdbServer, (command) => gdb.console(`monitor ${command}`)));
  }
}

async function disposeOf(parts: Parts): Promise<void> {
  const { folder, gdb, machine, stub, awareness, live } = parts;
  try {
    // A guest that was there before us goes on as if we had never been.
    if (machine?.kind === 'attached') {
      await Promise.race([stub?.detach().catch(() => undefined), patience(DETACH_TIME_LIMIT)]);
    }
    await Promise.all([gdb?.kill(), awareness?.dispose(), stub?.dispose(), live?.dispose()]);
    await machine?.dispose();
  } finally {
    folder?.dispose();
  }
}
