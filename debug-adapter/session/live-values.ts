/** Values while the guest runs: expressions are read, and written, in its RAM. */

import type { Gdb } from '../gdb/gdb.ts';
import { type MiRecord, numberOf, quote, recordOf, recordsOf, textOf } from '../gdb/records.ts';
import type { LiveValue, ValuesChangedEvent } from '../protocol.ts';
import { sentence } from '../sentence.ts';
import type { Boot } from './boot.ts';
import type { CurrentBoot } from './lifecycle.ts';
import type { LiveGdb } from './live-gdb.ts';
import type { Handlers } from './requests.ts';

export type LiveFamily =
  | 'unikernel/liveValue'
  | 'unikernel/liveChildren'
  | 'unikernel/setLiveValue'
  | 'unikernel/subscribeValues'
  | 'unikernel/unsubscribeValues';

const MOST_EXPRESSIONS = 200;
const LARGEST_PAGE = 1000;
const SLOWEST = 0.1;
const FASTEST = 50;

export class LiveValues {
  readonly #current: CurrentBoot;
  readonly #emit: (event: ValuesChangedEvent) => void;
  /** Of each boot, once it was asked for. */
  readonly #gdbs = new WeakMap<Boot, Promise<LiveGdb>>();
  readonly #watches = new Map<number, NodeJS.Timeout>();
  #nextId = 1;

  constructor(current: CurrentBoot, emit: (event: ValuesChangedEvent) => void) {
    this.#current = current;
    this.#emit = emit;
  }

  get handlers(): Handlers<LiveFamily> {
    return {
      'unikernel/liveValue': ({ expression, hexadecimal }) => this.evaluate(checkText(expression), hexadecimal),
      'unikernel/liveChildren': async ({ expression, start, count, hexadecimal }) => {
        const gdb = await this.#gdb();
        const page = Math.min(LARGEST_PAGE, Math.max(1, Math.trunc(count ?? LARGEST_PAGE) || 1));
        const first = Math.max(0, Math.trunc(start ?? 0) || 0);
        const command = `-unikernel-expand ${quote(checkText(expression))} ${first} ${page} ${hexadecimal ? 1 : 0}`;
        return { children: recordsOf(await gdb.execute(command), 'variables').map(liveValue) };
      },
      'unikernel/setLiveValue': async ({ expression, value }) => {
        const gdb = await this.#gdb();
        const command = `-unikernel-assign ${quote(checkText(expression))} ${quote(checkText(value))} 0`;
        return liveValue(recordOf(await gdb.execute(command), 'variable') ?? {});
      },
      'unikernel/subscribeValues': async ({ expressions, rate }) => {
        if (!Array.isArray(expressions) || expressions.length > MOST_EXPRESSIONS) {
          throw new Error(`"expressions" must be a list of at most ${MOST_EXPRESSIONS} texts.`);
        }
        if (!(rate >= SLOWEST && rate <= FASTEST)) {
          throw new Error(`"rate" must be a number from ${SLOWEST} to ${FASTEST} a second.`);
        }
        return { subscription: this.#watch(expressions.map(checkText), 1000 / rate) };
      },
      'unikernel/unsubscribeValues': async ({ subscription }) => {
        clearTimeout(this.#watches.get(subscription));
        this.#watches.delete(subscription);
        return {};
      },
    };
  }

  /** One expression, now. Rejects with gdb's sentence. */
  async evaluate(expression: string, hexadecimal = false): Promise<LiveValue> {
    const gdb = await this.#gdb();
    const command = `-unikernel-evaluate 0 ${hexadecimal ? 1 : 0} ${quote(expression)}`;
    return liveValue(recordOf(await gdb.execute(command), 'variable') ?? {});
  }

  /** The gdb to read memory with: the session's at a stop, the live one while the guest runs. */
  readonly memoryGdb = async (): Promise<Gdb> => {
    const { debuggee } = this.#current();
    return debuggee.isRunning ? this.#gdb() : debuggee.gdb;
  };

  /** Ends every subscription: the session ends. */
  end(): void {
    for (const timer of this.#watches.values()) {
      clearTimeout(timer);
    }
    this.#watches.clear();
  }

  #watch(expressions: string[], period: number): number {
    const subscription = this.#nextId++;
    let sequence = 0;
    let told = '';
    const round = async (): Promise<void> => {
      const begin = performance.now();
      const values = await Promise.all(expressions.map((expression) => this.#read(expression)));
      if (!this.#watches.has(subscription)) {
        return;
      }
      const text = JSON.stringify(values);
      if (text !== told) {
        told = text;
        this.#emit({ subscription, sequence: ++sequence, values });
      }
      // gdb is asked again after as long as it took at least.
      const spent = performance.now() - begin;
      this.#watches.set(subscription, setTimeout(round, Math.max(period - spent, spent)));
    };
    this.#watches.set(subscription, setTimeout(round, 0));
    return subscription;
  }

  /** A value that cannot be read says why: the others are told all the same. */
  async #read(expression: string): Promise<LiveValue> {
    try {
      return await this.evaluate(expression);
    } catch (error) {
      return { name: expression, expression, value: '', type: '', error: sentence(error), named: 0, indexed: 0 };
    }
  }

  async #gdb(): Promise<Gdb> {
    const boot = this.#current();
    let starting = this.#gdbs.get(boot);
    if (!starting) {
      starting = boot.startLiveGdb();
      this.#gdbs.set(boot, starting);
      // The next one who asks tries again.
      starting.catch(() => this.#gdbs.delete(boot));
    }
    return (await starting).gdb;
  }
}

/** A row of session.py. */
function liveValue(row: MiRecord): LiveValue {
  const address = textOf(row, 'address');
  return {
    name: textOf(row, 'name') ?? '',
    expression: textOf(row, 'expression') ?? '',
    value: textOf(row, 'value') ?? '',
    type: textOf(row, 'type') ?? '',
    named: numberOf(row, 'named') ?? 0,
    indexed: numberOf(row, 'indexed') ?? 0,
    ...(address !== undefined && { memoryReference: address }),
  };
}

function checkText(text: string): string {
  if (typeof text !== 'string' || text.trim() === '') {
    throw new Error('An expression must be a text.');
  }
  return text;
}
