import type { MappedRam } from '../guest/mapped-ram.ts';
import type { Packet } from '../rsp/codec.ts';
import { GdbServer } from '../rsp/server.ts';
import { Breakpoints } from './breakpoints.ts';
import { type Capabilities, Conversation } from './conversation.ts';
import { Cpus } from './cpus.ts';
import type { KernelThreads } from './kernel-threads.ts';
import { StopMemory } from './stop-memory.ts';
import { parseStopReply, type StopFacts } from './stop-reply.ts';
import { Target } from './target.ts';
import { ANSWER_TIME_LIMIT, silenceAt, Upstream, UpstreamClosed } from './upstream.ts';
import { isX64 } from './x64/registers.ts';

/** How long a guest may take to be let go, in milliseconds. */
const DETACH_TIME_LIMIT = 5000;

/** What `Stub.listen` needs. */
export interface StubOptions {
  /** QEMU's gdbstub (or any other): the path of a unix socket, or `host:port`. */
  upstream: string;
  /** The unix socket that gdb connects to, in a folder that only the user may enter. Must not exist yet. */
  socketPath: string;
  /** Kernel threads, when the kernel is known already. Without it the CPUs are the threads. */
  threads?: KernelThreads;
  /** The guest's RAM beside upstream, when that is a QEMU: memory is read there. `dispose` closes it. */
  ram?: MappedRam | undefined;
  /** Each packet, in readable form: `gdb→`, `→gdb`, `qemu→`, `→qemu`. */
  log?: (line: string) => void;
  /**
   * What gdb's kill does. `forward`: it reaches QEMU, which ends (a guest that we launched). `detach`: breakpoints are taken
   * out and the guest runs on (a guest that was there before us). Default `forward`.
   */
  onKill?: 'forward' | 'detach';
  /** How long upstream may take for each of: the connection, its first answer, telling what it can do; in milliseconds. Default 10 s. */
  timeLimit?: number;
}

/** Why a stub is of no use any more. */
export interface StubClosed {
  side: 'upstream' | 'gdb' | 'disposed';
  /** One sentence. */
  message: string;
}

/**
 * Our gdbserver between one gdb and one upstream stub.
 *
 * gdb sees kernel threads as threads: their ids are the DAP thread ids (hexadecimal in RSP; `Thread <decimal>` in gdb, whose own
 * thread numbers differ: map them by `gdb.selected_inferior().threads()`, which unwinds nothing). It is told only of threads on
 * a CPU, of the last few that it stepped, and of those materialised.
 */
export class Stub {
  /** Where gdb connects: `target remote <address>`. */
  readonly address: string;
  /** Resolves once, when upstream is gone, gdb has closed its side, or dispose() was called; never rejects. */
  readonly closed: Promise<StubClosed>;
  readonly #target: Target;
  readonly #conversation: Conversation;
  #server: GdbServer | undefined;
  #close: (reason: StubClosed) => void = () => {};
  #disposed: Promise<void> | undefined;

  private constructor(options: StubOptions, target: Target, capabilities: Capabilities) {
    this.address = options.socketPath;
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
    this.#target = target;
    this.#conversation = new Conversation(target, capabilities, (reply) => this.#server?.send(reply));
    this.#conversation.onKill = options.onKill ?? 'forward';
    this.#conversation.onNoAcknowledgements = () => this.#server?.stopAcknowledging();
    target.cpus.kernelThreads = options.threads;
  }

  /**
   * Connects to upstream (which stops the guest, as every connection to QEMU's stub does) and listens for gdb.
   * Rejects with one sentence when upstream refuses, is no gdbserver, or does not answer in time.
   */
  static async listen(options: StubOptions): Promise<Stub> {
    const { log, timeLimit = ANSWER_TIME_LIMIT } = options;
    const upstream = await Upstream.connect({ address: options.upstream, log, timeLimit });
    const timer = setTimeout(() => upstream.close(silenceAt(options.upstream)), timeLimit);
    try {
      let send: (packet: Packet) => void = () => {};
      const { target, capabilities } = await explore(upstream, options.ram, (packet) => send(packet));
      const stub = new Stub(options, target, capabilities);
      const server = await GdbServer.listen({
        socketPath: options.socketPath,
        log,
        packet: (packet) => stub.#treat(packet),
        interrupt: () => stub.#conversation.interrupt(),
        closed: (message) => stub.#close({ side: 'gdb', message }),
      });
      stub.#server = server;
      send = (packet) => server.send(packet);
      void upstream.closed.then((message) => stub.#upstreamClosed(message));
      return stub;
    } catch (error) {
      upstream.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The last stop that gdb was told of; undefined while the guest runs, and before gdb asked. */
  get stopFacts(): StopFacts | undefined {
    return this.#conversation.facts;
  }

  /**
   * Gives or takes away kernel threads: once the kernel is recognised, or when the session ends. At a stop, the threads on the
   * CPUs are named anew at once, but the names that gdb was told stay good until the next stop.
   */
  async setKernelThreads(threads: KernelThreads | undefined): Promise<void> {
    this.#target.cpus.rename(threads);
    await this.#conversation.nameThreads();
  }

  /** The place of a thread at a stop, parked or on a CPU; undefined when there is no such thread. */
  async place(thread: number): Promise<{ rip: bigint; rsp: bigint } | undefined> {
    const { cpus } = this.#target;
    const cpu = cpus.cpuOf(thread);
    const { rip, rsp } = cpu === undefined ? ((await cpus.parkedRegisters(thread)) ?? {}) : await cpus.registers(cpu);
    return rip === undefined || rsp === undefined ? undefined : { rip, rsp };
  }

  /**
   * Lists a parked thread to gdb from now until the next resume, because its stack was asked for. Call it at a stop, before gdb
   * updates its threads. No-op for a thread on a CPU. Rejects with one sentence when there is no such thread.
   */
  async materialise(thread: number): Promise<void> {
    if (this.#conversation.executing) {
      throw new Error('The guest runs: a stack can be read at a stop only.');
    }
    if (!(await this.#conversation.list.isAlive(thread))) {
      throw new Error(`There is no thread ${thread}, or its registers were not saved.`);
    }
    this.#conversation.list.materialise(thread);
  }

  /**
   * Stops the guest, as gdb's own interrupt does, also while gdb cannot be asked to: gdb hears SIGINT. It holds until `commandEnded`: a
   * resume that is on its way ends at once, and so does each one that gdb makes before it tells of a stop (to pass a breakpoint, say).
   */
  pause(): void {
    this.#conversation.pausing = true;
  }

  /** gdb has told its user of a stop: what it resumes next is another command, and is not paused. */
  commandEnded(): void {
    this.#conversation.pausing = false;
    this.#target.steps.commandEnded();
  }

  /**
   * Leaves the guest as it would be without us: takes our breakpoints out, lets it run or leaves it stopped, closes upstream. For a
   * foreign guest, before dispose(). No-op when upstream is gone.
   */
  async detach(guest: 'running' | 'stopped' = 'running'): Promise<void> {
    const { upstream, breakpoints } = this.#target;
    const timer = setTimeout(() => upstream.close('The gdb server does not answer any more.'), DETACH_TIME_LIMIT);
    try {
      await this.#conversation.end();
      if (guest === 'running') {
        await this.#conversation.release();
      } else {
        await breakpoints.clear();
      }
    } catch (error) {
      if (!(error instanceof UpstreamClosed)) {
        throw error;
      }
    } finally {
      clearTimeout(timer);
      upstream.close();
    }
  }

  /** Closes both sides and removes the socket. The guest stays as it is (stopped, when it is stopped). Idempotent. */
  dispose(): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    this.#close({ side: 'disposed', message: 'The session has ended.' });
    this.#target.upstream.close();
    await this.#server?.close();
    this.#target.memory.close();
  }

  async #treat(packet: Packet): Promise<void> {
    try {
      await this.#conversation.treat(packet);
    } catch (error) {
      // Upstream went away under this packet: a resume ends as the death of the guest, anything else as an error.
      const resuming = packet.startsWith('vCont;') || /^[cCsSb]/.test(packet.text);
      const dead = error instanceof UpstreamClosed && resuming;
      this.#server?.send(dead ? 'X09' : `E.${(error as Error).message}`);
    }
  }

  #upstreamClosed(message: string): void {
    this.#close({ side: 'upstream', message });
    // After the reply to what gdb waits for, if anything.
    setImmediate(() => void this.dispose());
  }
}

/** Asks upstream what it is and can do. */
async function explore(
  upstream: Upstream,
  ram: MappedRam | undefined,
  output: (packet: Packet) => void,
): Promise<{ target: Target; capabilities: Capabilities }> {
  const [supported, stop, actions, stepBits] = await upstream.batch([
    'qSupported:xmlRegisters=i386;vContSupported+',
    '?',
    'vCont?',
    'qqemu.sstepbits',
  ]);
  const features = supported?.text ?? '';
  const description = features.includes('qXfer:features:read+')
    ? await upstream.ask('qXfer:features:read:target.xml:0,ff0')
    : '';
  const x64 = isX64(description);
  const hasStepFlags = stepBits?.text.includes('NOIRQ') ?? false;
  const breakpoints = new Breakpoints(upstream);
  breakpoints.lazy = hasStepFlags && (await isEmulated(upstream));
  const cpus = await Cpus.discover(upstream, x64);
  const target = new Target({
    upstream,
    cpus,
    breakpoints,
    memory: new StopMemory(upstream, cpus, ram),
    hasVCont: actions?.text.startsWith('vCont') ?? false,
    hasStepFlags,
    output,
  });
  return { target, capabilities: { features, x64, firstThread: parseStopReply(stop?.text ?? '').thread } };
}

/** Whether QEMU says that KVM is off: then breakpoints live outside guest memory. */
async function isEmulated(upstream: Upstream): Promise<boolean> {
  return /kvm support: (disabled|not compiled)/.test(await upstream.command('info kvm'));
}
