import { CPU_THREAD_BASE } from '../protocol.ts';
import type { Packet } from '../rsp/codec.ts';
import { Execution, type Outcome } from './execution.ts';
import { Inspection } from './inspection.ts';
import { parseThreadId, parseVCont, type ResumePlan } from './resume.ts';
import { byteHex, SIGNAL_TRAP, type StopFacts } from './stop-reply.ts';
import type { Target } from './target.ts';
import { ThreadList } from './thread-list.ts';

/** What upstream can do, as told at the connection. */
export interface Capabilities {
  /** Upstream's `qSupported` reply. */
  features: string;
  /** Whether x64/registers.ts tells the layout: then kernel threads, range stepping and conditions work. */
  x64: boolean;
  /** The stop at the connection, upstream's thread. */
  firstThread: string | undefined;
}

/** How a reply goes to gdb. */
export type Send = (reply: string | Packet) => void;

/** The packets of gdb: those about threads, registers, breakpoints and resuming are answered here, all others pass. */
export class Conversation {
  readonly list: ThreadList;
  onKill: 'forward' | 'detach' = 'forward';
  /** gdb asked for no acknowledgements. */
  onNoAcknowledgements: () => void = () => {};
  readonly #target: Target;
  readonly #capabilities: Capabilities;
  readonly #execution: Execution;
  readonly #inspection: Inspection;
  readonly #send: Send;
  #executing = false;
  #pausing = false;
  #ended = false;
  #released = false;
  #treating: Promise<unknown> = Promise.resolve();
  /** `Hc`, for resumes without vCont. */
  #stepThread: number | undefined;

  constructor(target: Target, capabilities: Capabilities, send: Send) {
    this.#target = target;
    this.#capabilities = capabilities;
    this.#execution = new Execution(target);
    this.#inspection = new Inspection(target, capabilities.x64);
    this.#send = send;
    this.list = new ThreadList(target.cpus);
  }

  get facts(): StopFacts | undefined {
    return this.#inspection.facts;
  }

  /** The threads on the CPUs have other names since gdb was told of the stop. No-op while the guest runs. */
  async nameThreads(): Promise<void> {
    if (this.#inspection.facts) {
      const cpuThreads = await this.#target.cpus.threads();
      const { cpu, thread } = this.#inspection.facts;
      this.#inspection.facts = {
        ...this.#inspection.facts,
        cpuThreads,
        thread: (cpu === undefined ? undefined : cpuThreads[cpu]) ?? thread,
      };
    }
  }

  get executing(): boolean {
    return this.#executing;
  }

  interrupt(): void {
    if (this.#executing) {
      this.#target.interrupt();
    }
  }

  /** An interrupt that holds until it is taken back, or gdb has gone: also for the resumes that gdb makes on its own before it stops. */
  set pausing(pausing: boolean) {
    this.#pausing = pausing;
    if (pausing) {
      this.interrupt();
    }
  }

  /**
   * Ends the conversation: what gdb says from now on gets an error and reaches nobody, and the packet that is treated now is treated to
   * its end, a resume by an interrupt. (One byte that came after a detach would stop the guest again.)
   */
  async end(): Promise<void> {
    this.#ended = true;
    this.interrupt();
    await this.#treating;
  }

  /** Whether upstream was told to go on without us. */
  get released(): boolean {
    return this.#released;
  }

  /** Treats one packet of gdb and sends the reply. */
  async treat(packet: Packet): Promise<void> {
    if (this.#ended) {
      this.#send('E.The guest was let go.');
      return;
    }
    const answer = Promise.resolve(this.#answer(packet));
    this.#treating = answer.catch(() => undefined);
    const reply = await answer;
    if (reply !== undefined) {
      this.#send(reply);
    }
  }

  /** The reply; undefined when there is none (a kill). */
  #answer(packet: Packet): Promise<string | Packet | undefined> | string | Packet {
    switch (String.fromCharCode(packet.frame[1] ?? 0)) {
      case 'm':
        return this.#inspection.readMemory(packet);
      case 'M':
      case 'X':
        this.#target.memory.forget();
        return this.#inspection.passInContext(packet);
      case 'x':
        return this.#inspection.passInContext(packet);
      case 'g':
        return this.#inspection.readRegisters();
      case 'p':
        return this.#inspection.readRegister(packet);
      case 'G':
      case 'P':
        return this.#inspection.writeRegisters(packet);
      case 'H':
        return this.#select(packet.text);
      case 'T':
        return this.#isAlive(packet.text);
      case 'Z':
        return this.#insertBreakpoint(packet);
      case 'z':
        return this.#target.breakpoints.remove(packet);
      case '?':
        return this.#currentStop();
      case 'c':
      case 'C':
      case 's':
      case 'S':
        return this.#resumeByHc(packet.text);
      case 'b':
        return this.#reverse(packet);
      case 'v':
        return this.#answerVerbose(packet);
      case 'q':
      case 'Q':
        return this.#answerQuery(packet);
      case 'D':
        return this.#detach();
      case 'k':
        return this.#kill(packet);
      default:
        return this.#pass(packet);
    }
  }

  async #insertBreakpoint(packet: Packet): Promise<string> {
    const { breakpoints, cpus, memory, steps } = this.#target;
    const reply = await breakpoints.insert(packet);
    const address = /^Z[01],([0-9a-f]+)/i.exec(packet.text)?.[1];
    if (reply === 'OK' && address !== undefined && this.#capabilities.x64) {
      const cpu = steps.thread === undefined ? undefined : cpus.cpuOf(steps.thread);
      const registers = cpu === undefined ? undefined : await cpus.registers(cpu);
      const parked =
        cpu === undefined && steps.thread !== undefined ? await cpus.parkedRegisters(steps.thread) : undefined;
      const rip = registers?.rip ?? parked?.rip;
      const returnsTo = registers && cpu !== undefined ? await memory.number(cpu, registers.rsp, 8) : undefined;
      steps.inserted(BigInt(`0x${address}`), rip === undefined ? undefined : { rip, returnsTo });
    }
    return reply;
  }

  #answerVerbose(packet: Packet): Promise<string | Packet | undefined> | string | Packet {
    if (packet.startsWith('vCont?')) {
      return this.#capabilities.x64 ? 'vCont;c;C;s;S;r' : 'vCont;c;C;s;S';
    }
    if (packet.startsWith('vCont')) {
      const plan = parseVCont(packet.text);
      return plan === undefined ? 'E.This resume is not offered.' : this.#resume(plan);
    }
    if (packet.startsWith('vKill')) {
      return this.#kill(packet);
    }
    return packet.startsWith('vAttach') || packet.startsWith('vRun') ? '' : this.#pass(packet);
  }

  #answerQuery(packet: Packet): Promise<string | Packet> | string | Packet {
    if (packet.startsWith('qXfer:threads:read::')) {
      return this.#readThreads(packet.text);
    }
    if (packet.startsWith('qfThreadInfo')) {
      return this.list.list().then((threads) => `m${threads.map((thread) => thread.toString(16)).join(',')}`);
    }
    if (packet.startsWith('qsThreadInfo')) {
      return 'l';
    }
    if (packet.startsWith('qThreadExtraInfo,')) {
      const thread = parseThreadId(packet.text.slice('qThreadExtraInfo,'.length));
      return thread === undefined ? 'E01' : this.#target.cpus.threads().then(() => this.list.extraInfo(thread));
    }
    if (packet.startsWith('qC') && packet.frame.length === 'qC'.length + 4) {
      return this.#inspection.current().then((thread) => `QC${thread.toString(16)}`);
    }
    if (packet.startsWith('qSupported')) {
      return this.#supported();
    }
    if (packet.startsWith('QStartNoAckMode')) {
      this.onNoAcknowledgements();
      return 'OK';
    }
    if (packet.startsWith('qRcmd,')) {
      return this.#monitor(packet);
    }
    return packet.startsWith('qXfer:features') ? this.#pass(packet) : this.#inspection.passInContext(packet);
  }

  /** Upstream's features without multiprocess, and ours. */
  #supported(): string {
    const features = this.#capabilities.features.split(';').filter((feature) => {
      return (
        feature !== '' &&
        !/^(multiprocess|vContSupported|QStartNoAckMode|QNonStop|qXfer:threads|ConditionalBreak)/.test(feature)
      );
    });
    features.push('QStartNoAckMode+', 'vContSupported+', 'qXfer:threads:read+');
    if (this.#capabilities.x64) {
      features.push('ConditionalBreakpoints+');
    }
    return features.join(';');
  }

  async #readThreads(text: string): Promise<string> {
    const match = /:([0-9a-f]+),([0-9a-f]+)$/.exec(text);
    const document = Buffer.from(await this.list.document(), 'utf8').toString('latin1');
    const offset = Number.parseInt(match?.[1] ?? '0', 16);
    const length = Number.parseInt(match?.[2] ?? '0', 16);
    return `${offset + length >= document.length ? 'l' : 'm'}${document.slice(offset, offset + length)}`;
  }

  async #select(text: string): Promise<string> {
    const thread = parseThreadId(text.slice(2));
    if (thread === undefined) {
      return 'E01';
    }
    const any = thread <= 0;
    if (!any && !(await this.list.isAlive(thread))) {
      return 'E.There is no such thread.';
    }
    if (text[1] === 'g') {
      this.#inspection.thread = any ? undefined : thread;
    } else {
      this.#stepThread = any ? undefined : thread;
    }
    return 'OK';
  }

  async #isAlive(text: string): Promise<string> {
    const thread = parseThreadId(text.slice(1));
    return thread !== undefined && (await this.list.isAlive(thread)) ? 'OK' : 'E01';
  }

  #pass(packet: Packet): Promise<Packet> {
    return this.#target.upstream.request(packet);
  }

  /** `monitor …`: prints, then is done. It may have changed anything. */
  async #monitor(packet: Packet): Promise<Packet> {
    const reply = await this.#target.upstream.requestWithOutput(packet, this.#send);
    this.#target.cpus.forget();
    this.#target.memory.forget();
    return reply;
  }

  async #currentStop(): Promise<string> {
    const cpu = this.#inspection.facts?.cpu ?? this.#target.cpus.cpuOfUpstream(this.#capabilities.firstThread);
    const stop = { signal: this.#inspection.facts?.signal ?? SIGNAL_TRAP, cpu, rest: '', stale: false };
    return this.#tell({ stop, thread: this.#inspection.facts?.thread });
  }

  #resumeByHc(text: string): Promise<string> | string {
    if (!/^(c|s|[CS][0-9a-f]{2})$/.test(text)) {
      return 'E.Resuming at another address is not offered.';
    }
    const steps = text[0] === 's' || text[0] === 'S';
    const thread = this.#stepThread ?? this.#inspection.facts?.thread ?? CPU_THREAD_BASE;
    return this.#resume({ step: steps ? thread : undefined, range: undefined, others: true, only: undefined });
  }

  async #resume(plan: ResumePlan): Promise<string> {
    this.#executing = true;
    try {
      if (plan.step !== undefined) {
        this.list.follow(plan.step);
      }
      this.list.resumed();
      this.#inspection.facts = undefined;
      this.#inspection.thread = undefined;
      this.#target.interrupted = this.#pausing;
      this.#target.steps.resumes(plan);
      return await this.#tell(await this.#execution.run(plan));
    } finally {
      this.#executing = false;
    }
  }

  /** Reverse stepping and continuing, which QEMU offers while it replays: only the names of threads are ours. */
  async #reverse(packet: Packet): Promise<string> {
    this.#executing = true;
    try {
      await this.#target.breakpoints.synchronise();
      this.#inspection.facts = undefined;
      return await this.#tell({ stop: await this.#target.resume(packet, undefined), thread: undefined });
    } finally {
      this.#executing = false;
      this.#target.interrupted = false;
    }
  }

  /** The stop reply for gdb; what gdb will ask next is fetched meanwhile. */
  async #tell({ stop, thread }: Outcome): Promise<string> {
    if (stop.final !== undefined) {
      return stop.final;
    }
    const { cpus, memory } = this.#target;
    let readAhead: Promise<void> | undefined;
    if (this.#capabilities.x64) {
      const all = await cpus.allRegisters(stop.cpu);
      const registers = all[stop.cpu];
      if (registers !== undefined) {
        readAhead = memory.readAhead(stop.cpu, registers);
      }
    }
    const [threads] = await Promise.all([cpus.threads(stop.cpu), readAhead]);
    const told = thread ?? threads[stop.cpu] ?? CPU_THREAD_BASE + stop.cpu;
    const cpu = cpus.cpuOf(told);
    this.list.follow(told);
    this.#inspection.thread = told;
    this.#inspection.facts = { thread: told, cpu, cpuThreads: threads, signal: stop.signal };
    const watch = stop.watch === undefined ? '' : `${stop.watch.kind}:${stop.watch.address.toString(16)};`;
    const core = cpu === undefined ? '' : `core:${cpu.toString(16)};`;
    const expedited = cpu === undefined || !this.#capabilities.x64 ? '' : (await cpus.registers(cpu)).expedited();
    return `T${byteHex(stop.signal)}${expedited}thread:${told.toString(16)};${core}${watch}${stop.rest}`;
  }

  /** Upstream goes on without us: takes what is ours out of it first. */
  async release(): Promise<void> {
    this.#ended = true;
    await this.#target.breakpoints.clear();
    if (!this.#released) {
      this.#released = true;
      await this.#target.upstream.request('D');
    }
  }

  async #detach(): Promise<string> {
    await this.release();
    return 'OK';
  }

  async #kill(packet: Packet): Promise<string | undefined> {
    if (this.onKill === 'detach') {
      await this.release();
    } else {
      // QEMU answers `k` by ending; there is nothing to wait for.
      void this.#pass(packet).catch(() => undefined);
    }
    return packet.startsWith('vKill') ? 'OK' : undefined;
  }
}
