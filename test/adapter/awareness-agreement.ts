import type { KernelViewName } from '../../debug-adapter/kernels/kernel.ts';
import type { MallocPoolsRow, ThreadRow, TimerSetRow, VnodeLockRow } from '../../debug-adapter/kernels/model.ts';
import type { Truth, TruthLock, TruthTimer, TruthWorker } from './awareness-truth.ts';

/** What the four views said at one moment. */
export interface Views {
  threads: ThreadRow[];
  vnodeLocks: VnodeLockRow[];
  mallocPools: MallocPoolsRow[];
  timerSets: TimerSetRow[];
}

/** How many entries of the truth could be compared with each view, how many could not, and where they do not agree. */
export class Agreement {
  readonly settled: Record<KernelViewName, number> = { threads: 0, vnodeLocks: 0, mallocPools: 0, timerSets: 0 };
  readonly unsettled: Record<KernelViewName, number> = { threads: 0, vnodeLocks: 0, mallocPools: 0, timerSets: 0 };
  readonly disagreements: string[] = [];
  /** Of the settled entries, those that say more than "nothing": what was held, waited for, armed. */
  readonly telling = { held: 0, awaited: 0, armed: 0 };

  /** Percent of the entries that were settled. */
  share(view: KernelViewName): number {
    const all = this.settled[view] + this.unsettled[view];
    return all === 0 ? 0 : (100 * this.settled[view]) / all;
  }

  toString(): string {
    const views = Object.keys(this.settled) as KernelViewName[];
    const shares = views.map((view) => `${view} ${this.settled[view]} settled (${this.share(view).toFixed(1)} %)`);
    const { held, awaited, armed } = this.telling;
    return `${shares.join(', ')}; among them ${held} locks held, ${awaited} waited for, ${armed} timers armed`;
  }

  /** Compares the truth with whichever views are given. */
  compare(truth: Truth, views: Partial<Views>): void {
    for (const worker of truth.workers) {
      if (views.threads) {
        this.#thread(worker, views.threads);
      }
      if (views.threads && views.vnodeLocks) {
        for (const lock of worker.locks) {
          this.#lock(worker, lock, views.threads, views.vnodeLocks);
        }
      }
      if (views.timerSets) {
        this.#timer(worker, views.timerSets);
      }
    }
    if (views.mallocPools) {
      this.#objects(truth.objects, views.mallocPools);
    }
  }

  #note(view: KernelViewName, isSettled: boolean): boolean {
    this[isSettled ? 'settled' : 'unsettled'][view]++;
    return isSettled;
  }

  #expect(condition: boolean, text: () => string): void {
    if (!condition) {
      this.disagreements.push(text());
    }
  }

  #thread(worker: TruthWorker, threads: ThreadRow[]): void {
    if (!this.#note('threads', worker.settled)) {
      return;
    }
    const row = threads.find((candidate) => candidate.key === worker.thread);
    this.#expect(row?.id === worker.id && row.name === worker.name, () => `thread ${worker.name}: ${show(row)}`);
  }

  #lock(worker: TruthWorker, lock: TruthLock, threads: ThreadRow[], vnodes: VnodeLockRow[]): void {
    const isToldElsewhere = lock.state === 'none' && (worker.callsVfs || !worker.locks.every((other) => other.settled));
    if (isToldElsewhere) {
      // Not an entry: what the VFS takes by itself, or another entry in transition, stands in its place.
      return;
    }
    if (!this.#note('vnodeLocks', worker.settled && lock.settled)) {
      return;
    }
    const thread = threads.find((candidate) => candidate.key === worker.thread);
    const vnode = vnodes.find((candidate) => candidate.lock === lock.lock);
    const about = () => `${worker.name}, lock of ${lock.path} (${lock.state}, ${lock.mode}): ${show(vnode)}`;
    if (lock.state === 'holding') {
      this.telling.held++;
      const holder = vnode?.holders.find((candidate) => candidate.thread === worker.id);
      this.#expect(vnode?.path === lock.path && holder?.mode === lock.mode, about);
      this.#expect(thread?.holds.some((held) => held.lock === lock.lock && held.mode === lock.mode) === true, about);
    } else if (lock.state === 'acquiring') {
      if (thread?.waitsFor) {
        this.telling.awaited++;
        const isIt = thread.waitsFor.object === lock.lock && thread.waitsFor.mode === lock.mode;
        const waiter = vnode?.waiters.find((candidate) => candidate.thread === worker.id);
        this.#expect(isIt && waiter?.mode === lock.mode, () => `${about()}; ${show(thread)}`);
        this.#expect(thread.waitsFor.description === `vnode ${lock.path}`, about);
      }
    } else {
      const named = new Set(worker.locks.filter((other) => other.state !== 'none').map((other) => other.lock));
      const others = vnodes.filter(
        (row) => !named.has(row.lock) && [...row.holders, ...row.waiters].some((entry) => entry.thread === worker.id),
      );
      this.#expect(others.length === 0, () => `${worker.name} takes no other lock: ${show(others)}`);
    }
  }

  #timer(worker: TruthWorker, sets: TimerSetRow[]): void {
    const { timer } = worker;
    const set = sets.find((candidate) => candidate.cpu === timer.cpu);
    const isWhole = set !== undefined && set.armed === set.timers.length;
    const isDue = timer.armed && timer.deadline <= timer.last;
    if (timer.timer === 0 || !this.#note('timerSets', worker.settled && timer.settled && isWhole && !isDue)) {
      return;
    }
    this.#timerIs(worker, timer, sets);
  }

  #timerIs(worker: TruthWorker, timer: TruthTimer, sets: TimerSetRow[]): void {
    const found = sets.flatMap((row) =>
      row.timers.filter((candidate) => candidate.key === timer.timer).map((candidate) => ({ cpu: row.cpu, candidate })),
    );
    const about = () => `timer of ${worker.name} ${show(timer)}: ${show(found)}`;
    if (!timer.armed) {
      this.#expect(found.length === 0, about);
      return;
    }
    this.telling.armed++;
    const [only] = found;
    const deadline = timer.period > 0 ? timer.deadline : timer.told;
    this.#expect(
      found.length === 1 &&
        only?.cpu === timer.cpu &&
        only.candidate.deadline === deadline &&
        only.candidate.period === timer.period &&
        only.candidate.name === worker.name,
      about,
    );
  }

  #objects(truth: Truth['objects'], rows: MallocPoolsRow[]): void {
    const classes = rows.filter((row) => row.kind === 'class');
    classes.forEach((row, index) => {
      if (this.#note('mallocPools', truth.settled)) {
        const waiting = row.cpus.reduce((sum, cpu) => sum + cpu.remoteFrees, 0);
        const live = row.liveObjects - waiting;
        this.#expect(live === truth.live[index], () => `objects of ${row.key}: ${live}, in truth ${truth.live[index]}`);
      }
    });
    if (this.#note('mallocPools', truth.settled)) {
      const large = rows.filter((row) => row.kind === 'large').length;
      this.#expect(large === truth.large, () => `large allocations: ${large}, in truth ${truth.large}`);
    }
  }
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 600) ?? 'nothing';
}
