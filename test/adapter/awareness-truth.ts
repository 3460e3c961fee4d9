import type { SymbolTable } from '../../debug-adapter/elf/symbols.ts';
import type { Address } from '../../debug-adapter/guest/address.ts';
import type { Layouts } from '../../debug-adapter/guest/layouts.ts';
import type { Place } from '../../debug-adapter/guest/physical-cache.ts';
import type { Snapshot } from '../../debug-adapter/guest/snapshot.ts';

/** Types of kernel/workload/truth.hh. */
export const TRUTH_TYPES = [
  'sprout::Truth',
  'sprout::TruthWorker',
  'sprout::TruthLock',
  'sprout::TruthTimer',
  'sprout::TruthObjects',
];

/** `settled`: the owner was not changing the entry. */
export interface TruthLock {
  settled: boolean;
  state: string;
  mode: string;
  lock: Address;
  path: string;
}

export interface TruthTimer {
  settled: boolean;
  timer: Address;
  armed: boolean;
  /** As the Timer itself has it: of a periodic one the truth does not tell. */
  deadline: number;
  told: number;
  period: number;
  cpu: number;
  /** TimerSet::last of that CPU. */
  last: number;
}

export interface TruthWorker {
  settled: boolean;
  thread: Address;
  id: number;
  name: string;
  callsVfs: boolean;
  locks: TruthLock[];
  timer: TruthTimer;
}

export interface Truth {
  workers: TruthWorker[];
  /** Sums over all CPUs; unsettled when any CPU was inside malloc. */
  objects: { settled: boolean; live: number[]; large: number };
}

/** Reads g_truth. */
export class TruthReader {
  readonly #base: Address;
  readonly #timerSets: Address;
  readonly #truth;
  readonly #worker;
  readonly #lock;
  readonly #truthTimer;
  readonly #objects;
  readonly #timer;
  readonly #set;

  constructor(layouts: Layouts, symbols: SymbolTable) {
    this.#base = addressOf(symbols, 'sprout::g_truth');
    this.#timerSets = addressOf(symbols, 'sprout::g_timer_sets');
    const truth = layouts.struct('sprout::Truth');
    const workers = truth.offset('workers');
    const objects = truth.offset('objects');
    this.#truth = { count: truth.number('worker_count'), workers, objects };
    const worker = layouts.struct('sprout::TruthWorker');
    this.#worker = {
      reader: worker,
      sequence: worker.number('sequence'),
      thread: worker.pointer('thread'),
      id: worker.number('id'),
      name: worker.text('name'),
      callsVfs: worker.boolean('calls_vfs'),
      locks: worker.elements('locks'),
      timer: worker.offset('timer'),
    };
    const lock = this.#worker.locks.reader;
    this.#lock = {
      sequence: lock.number('sequence'),
      state: lock.enumeration('state'),
      mode: lock.enumeration('mode'),
      lock: lock.pointer('lock'),
      path: lock.pointer('path'),
    };
    const truthTimer = layouts.struct('sprout::TruthTimer');
    this.#truthTimer = {
      reader: truthTimer,
      sequence: truthTimer.number('sequence'),
      timer: truthTimer.pointer('timer'),
      armed: truthTimer.boolean('armed'),
      deadline: truthTimer.number('deadline'),
      period: truthTimer.number('period'),
    };
    const timer = layouts.struct('sprout::Timer');
    this.#timer = { reader: timer, deadline: timer.number('deadline'), cpu: timer.number('cpu') };
    const slot = layouts.elementOf('sprout::g_timer_sets', 'slots');
    this.#set = { reader: slot, last: slot.number('value.last') };
    const counts = layouts.struct('sprout::TruthObjects');
    const type = truth.typeOf('objects');
    this.#objects = {
      reader: counts,
      count: type.kind === 'array' ? type.count : 0,
      sequence: counts.number('sequence'),
      live: counts.numbers('live'),
      large: counts.number('large'),
    };
  }

  read(snapshot: Snapshot): Truth {
    // The whole of Truth is larger than one place; its head is not.
    const count = this.#truth.count(snapshot.place(this.#base, 8));
    const workers: TruthWorker[] = [];
    for (let index = 0; index < count; index++) {
      const address = this.#base + this.#truth.workers + index * this.#worker.reader.size;
      const worker = this.#readWorker(snapshot, address);
      if (worker.thread !== 0 || !worker.settled) {
        workers.push(worker);
      }
    }
    return { workers, objects: this.#readObjects(snapshot) };
  }

  #readWorker(snapshot: Snapshot, address: Address): TruthWorker {
    const fields = this.#worker;
    const place = snapshot.at(fields.reader, address);
    return {
      settled: fields.sequence(place) % 2 === 0,
      thread: fields.thread(place),
      id: fields.id(place),
      name: fields.name(place),
      callsVfs: fields.callsVfs(place),
      locks: Array.from({ length: fields.locks.count }, (_, index) =>
        this.#readLock(snapshot, fields.locks.at(place, index)),
      ),
      timer: this.#readTimer(snapshot, address + fields.timer),
    };
  }

  #readLock(snapshot: Snapshot, place: Place): TruthLock {
    const fields = this.#lock;
    return {
      settled: fields.sequence(place) % 2 === 0,
      state: fields.state(place),
      mode: fields.mode(place),
      lock: fields.lock(place),
      path: snapshot.text(fields.path(place)) ?? '',
    };
  }

  #readTimer(snapshot: Snapshot, address: Address): TruthTimer {
    const fields = this.#truthTimer;
    const place = snapshot.at(fields.reader, address);
    const timer = fields.timer(place);
    const told = { settled: fields.sequence(place) % 2 === 0, timer, armed: fields.armed(place) };
    const rest = { told: fields.deadline(place), period: fields.period(place) };
    if (timer === 0) {
      return { ...told, ...rest, deadline: 0, cpu: 0, last: 0 };
    }
    const own = snapshot.at(this.#timer.reader, timer);
    const cpu = this.#timer.cpu(own);
    const set = snapshot.at(this.#set.reader, this.#timerSets + cpu * this.#set.reader.size);
    return { ...told, ...rest, deadline: this.#timer.deadline(own), cpu, last: this.#set.last(set) };
  }

  #readObjects(snapshot: Snapshot): Truth['objects'] {
    const fields = this.#objects;
    const sum = { settled: true, live: [] as number[], large: 0 };
    for (let index = 0; index < fields.count; index++) {
      const place = snapshot.at(fields.reader, this.#base + this.#truth.objects + index * fields.reader.size);
      sum.settled &&= fields.sequence(place) % 2 === 0;
      sum.large += fields.large(place);
      fields.live(place).forEach((value, size) => {
        sum.live[size] = (sum.live[size] ?? 0) + value;
      });
    }
    return sum;
  }
}

function addressOf(symbols: SymbolTable, name: string): Address {
  const symbol = symbols.find(name);
  if (!symbol) {
    throw new Error(`no ${name}`);
  }
  return symbol.address;
}
