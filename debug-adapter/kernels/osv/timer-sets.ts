import type { Address } from '../../guest/address.ts';
import { walkList } from '../../guest/lists.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { type ElementReader, type StructReader, signed64 } from '../../guest/struct-reader.ts';
import type { Reading } from '../kernel.ts';
import type { TimerRow, TimerSetRow } from '../model.ts';
import { OsvCallouts } from './callouts.ts';
import { Part } from './part.ts';
import { MOST_ELEMENTS, type OsvCpu, type OsvStructures } from './structures.ts';
import { OsvTcpTimers } from './tcp-timers.ts';
import type { NameThread } from './vnode-locks.ts';

/** A class's vtable begins with two words that no object points to. */
const VTABLE_HEAD = 16;
/** Deadlines that far away mean never. */
const NEVER = 2 ** 62;
/** Functions of std::function's own. */
const GLUE = /_M_(invoke|manager)/;
/** From a std::function to what it calls; bytes of what std::bind makes. */
const STEPS = 2;
const BOUND = 40;
const SENTINEL = 'data_.root_plus_size_.m_header';

/** Where a timer_set's lists are, in the structure that holds it. */
interface SetLayout {
  reader: StructReader;
  buckets: ElementReader;
  sentinel: number;
  expired: number;
  last(place: Parameters<ReturnType<StructReader['number']>>[0]): number;
  next(place: Parameters<ReturnType<StructReader['number']>>[0]): number;
}

/** OSv's timers: each CPU's timer_list, and the tasks of its async worker. */
export class OsvTimerSets {
  readonly #structures: OsvStructures;
  readonly #nameThread: NameThread;
  readonly #cpu: SetLayout;
  readonly #worker: SetLayout & { variable: Address | undefined };
  readonly #callouts: Part<OsvCallouts>;
  readonly #tcp: Part<OsvTcpTimers>;
  readonly #timer;
  readonly #task;
  readonly #callback: { offset: number; size: number; invoker: (snapshot: Snapshot, task: Address) => Address };
  readonly #vtables: { thread: Address | undefined; cpu: Address | undefined };

  constructor(structures: OsvStructures, nameThread: NameThread) {
    this.#structures = structures;
    this.#nameThread = nameThread;
    this.#callouts = new Part(structures.facts.layouts, 'Callouts', () => new OsvCallouts(structures));
    this.#tcp = new Part(structures.facts.layouts, 'TCP timers', () => new OsvTcpTimers(structures));
    const { layouts, symbols } = structures.facts;
    this.#cpu = setLayout(layouts.struct('sched::cpu'), 'timers._list');
    this.#worker = {
      ...setLayout(layouts.struct('async::async_worker'), '_timer_tasks'),
      variable: symbols.find('async::_percpu_worker')?.address,
    };
    const timer = layouts.struct('sched::timer_base');
    this.#timer = {
      reader: timer,
      hook: timer.offset('hook'),
      client: timer.pointer('_t'),
      time: timer.number('_time'),
    };
    const task = layouts.struct('async::percpu_timer_task');
    this.#task = {
      reader: task,
      hook: task.offset('hook'),
      state: task.enumeration('_state'),
      master: task.pointer('master'),
      fireAt: task.number('fire_at'),
    };
    const master = layouts.struct('async::timer_task');
    const invoker = master.pointer('_callback._M_invoker');
    this.#callback = {
      offset: master.offset('_callback'),
      size: master.typeOf('_callback').size,
      invoker: (snapshot, address) => invoker(snapshot.at(master, address)),
    };
    const vtable = (name: string): Address | undefined => {
      const found = symbols.find(name);
      return found && found.address + VTABLE_HEAD;
    };
    this.#vtables = { thread: vtable('_ZTVN5sched6threadE'), cpu: vtable('_ZTVN5sched3cpuE') };
  }

  read(snapshot: Snapshot): Reading<'timerSets'> {
    const guestTime = this.#structures.guestTime(snapshot);
    let consistent = true;
    const rows = this.#structures.cpus(snapshot).map((cpu) => {
      const { row, whole } = this.#set(snapshot, cpu, guestTime);
      consistent &&= whole;
      return row;
    });
    // They are nobody's: one thread calls them all.
    const callouts = this.#callouts.ifAny?.read(snapshot, guestTime);
    rows[0]?.timers.push(...(callouts?.rows ?? []));
    consistent &&= callouts?.whole !== false;
    // A timer is in one list at a time.
    const keys = rows.flatMap(({ timers }) => timers.map(({ key }) => key));
    consistent &&= new Set(keys).size === keys.length;
    const notes = ['OSv does not count the timers that fired, nor backward steps of its clock.'];
    return { rows, notes, consistent, guestTime };
  }

  #set(snapshot: Snapshot, cpu: OsvCpu, guestTime: number): { row: TimerSetRow; whole: boolean } {
    const place = snapshot.at(this.#cpu.reader, cpu.address);
    const own = this.#nodes(snapshot, this.#cpu, cpu.address);
    const timers = own.nodes.map(({ node, bucket }) => this.#timerRow(snapshot, node, bucket, guestTime));
    const tasks = this.#tasks(snapshot, cpu, guestTime);
    const next = this.#cpu.next(place);
    const row: TimerSetRow = {
      key: cpu.id,
      cpu: cpu.id,
      armed: timers.length,
      fired: 0,
      last: this.#cpu.last(place),
      backwardSteps: 0,
      clamped: 0,
      timers: [...timers, ...tasks.rows],
      ...(next > 0 && next < NEVER && { next }),
    };
    return { row, whole: own.whole && tasks.whole };
  }

  #timerRow(snapshot: Snapshot, node: Address, bucket: number, guestTime: number): TimerRow {
    const timer = node - this.#timer.hook;
    const place = snapshot.at(this.#timer.reader, timer);
    const deadline = this.#timer.time(place);
    const client = this.#timer.client(place);
    const owner = this.#owner(snapshot, client);
    return {
      key: timer,
      bucket,
      deadline,
      remaining: deadline - guestTime,
      period: 0,
      name: owner.name,
      callback: owner.callback,
      callbackAddress: 0,
      fired: 0,
      ...(owner.thread && { owner: owner.thread }),
    };
  }

  /** The client is a thread that is to be woken, or a CPU whose slice ends: its vtable tells. */
  #owner(
    snapshot: Snapshot,
    client: Address,
  ): { name: string; callback: string; thread?: { thread: number; threadName: string } } {
    const { view, offset } = snapshot.place(client, 8);
    const vtable = signed64(view, offset);
    if (vtable === this.#vtables.thread) {
      const thread = this.#nameThread(snapshot, client);
      const owner = thread && { thread: { thread: thread.id, threadName: thread.name } };
      return { name: 'wake-up', callback: 'sched::thread::timer_fired', ...owner };
    }
    return vtable === this.#vtables.cpu
      ? { name: 'preemption', callback: 'sched::cpu::timer_fired' }
      : { name: 'timer', callback: this.#structures.facts.describe(vtable) };
  }

  /** TCP's timers and everything else that runs in an async worker. Released tasks are dead, though still in the set. */
  #tasks(snapshot: Snapshot, cpu: OsvCpu, guestTime: number): { rows: TimerRow[]; whole: boolean } {
    const { variable } = this.#worker;
    const worker = variable === undefined ? 0 : this.#structures.percpuPointer(snapshot, variable, cpu);
    if (worker === 0) {
      return { rows: [], whole: true };
    }
    const { nodes, whole } = this.#nodes(snapshot, this.#worker, worker);
    const tcp = nodes.length > 0 ? this.#tcp.ifAny?.byTask(snapshot) : undefined;
    const rows = nodes.flatMap(({ node, bucket }): TimerRow[] => {
      const task = node - this.#task.hook;
      const place = snapshot.at(this.#task.reader, task);
      const deadline = this.#task.fireAt(place);
      const master = this.#task.master(place);
      if (this.#task.state(place) === 'RELEASED' || master === 0) {
        return [];
      }
      const called = this.#called(snapshot, master);
      return [
        {
          key: task,
          bucket,
          deadline,
          remaining: deadline - guestTime,
          period: 0,
          name: tcp?.get(master) ?? 'async task',
          callback: this.#structures.facts.describe(called),
          callbackAddress: called,
          fired: 0,
        },
      ];
    });
    return { rows, whole };
  }

  /** What a task calls in the end: std::function and std::bind keep it beside their own functions, or a step or two away in the heap. */
  #called(snapshot: Snapshot, master: Address): Address {
    const { offset, size, invoker } = this.#callback;
    const own = invoker(snapshot, master);
    return snapshot.unrecorded(() => this.#boundFunction(snapshot, master + offset, size, STEPS)) ?? own;
  }

  #boundFunction(snapshot: Snapshot, address: Address, size: number, steps: number): Address | undefined {
    const { facts } = this.#structures;
    const words = wordsAt(snapshot, address, size);
    const isBound = (word: Address): boolean => {
      const found = facts.symbols.at(word);
      return found?.symbol.kind === 'function' && found.offset === 0 && !GLUE.test(facts.functionAt(word) ?? '');
    };
    const bound = words.find(isBound);
    if (bound !== undefined || steps === 0) {
      return bound;
    }
    for (const word of words) {
      const isData = facts.symbols.at(word)?.symbol.kind !== 'function';
      const isObject = isData && word % 8 === 0 && snapshot.space.direct(word) !== undefined;
      const found = isObject ? this.#boundFunction(snapshot, word, BOUND, steps - 1) : undefined;
      if (found !== undefined) {
        return found;
      }
    }
    return undefined;
  }

  #nodes(
    snapshot: Snapshot,
    set: SetLayout,
    holder: Address,
  ): { nodes: { node: Address; bucket: number }[]; whole: boolean } {
    const nodes: { node: Address; bucket: number }[] = [];
    let whole = true;
    const walk = (sentinel: Address, bucket: number): void => {
      const list = walkList(snapshot, this.#structures.node, sentinel, MOST_ELEMENTS);
      whole &&= list.whole;
      nodes.push(...list.nodes.map((node) => ({ node, bucket })));
    };
    try {
      for (let bucket = 0; bucket < set.buckets.count; bucket++) {
        walk(holder + set.buckets.offset + bucket * set.buckets.stride + set.sentinel, bucket);
      }
      walk(holder + set.expired, set.buckets.count);
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) {
        throw error;
      }
      whole = false;
    }
    return { nodes, whole };
  }
}

/** None where they cannot be read. */
function wordsAt(snapshot: Snapshot, address: Address, size: number): Address[] {
  try {
    const { view, offset } = snapshot.place(address, size);
    return Array.from({ length: size / 8 }, (_, index) => signed64(view, offset + index * 8));
  } catch (error) {
    if (error instanceof UnreadableMemory) {
      return [];
    }
    throw error;
  }
}

function setLayout(reader: StructReader, path: string): SetLayout {
  const buckets = reader.elements(`${path}._buckets`);
  return {
    reader,
    buckets,
    sentinel: buckets.reader.offset(SENTINEL),
    expired: reader.offset(`${path}._expired.${SENTINEL}`),
    last: reader.number(`${path}._last`),
    next: reader.number(`${path}._next`),
  };
}
