/** Values while the guest runs: expressions are read, and written, in its RAM. */

import type { Gdb } from '../gdb/gdb.ts';
import { jsonOf, type MiRecord, numberOf, quote, recordOf, textOf } from '../gdb/records.ts';
import type {
  LiveChildrenRequest,
  LiveValue,
  LiveValueRequest,
  SetLiveValueRequest,
  SubscribeValuesRequest,
  ValuesChangedEvent,
} from '../protocol.ts';
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
const MOST_EXPANDED = 50;
const LARGEST_PAGE = 1000;
const SLOWEST = 0.1;
const FASTEST = 50;

export interface LiveValueEvents {
  valuesChanged(event: ValuesChangedEvent): void;
  /** Memory was written while the guest stands: what was told of variables is old. */
  written(): void;
}

export class LiveValues {
  readonly #current: CurrentBoot;
  readonly #events: LiveValueEvents;
  /** Of each boot, once it was asked for. */
  readonly #gdbs = new WeakMap<Boot, Promise<LiveGdb>>();
  readonly #watches = new Map<number, NodeJS.Timeout>();
  #nextId = 1;

  constructor(current: CurrentBoot, events: LiveValueEvents) {
    this.#current = current;
    this.#events = events;
  }

  get handlers(): Handlers<LiveFamily> {
    return {
      'unikernel/liveValue': (given) => this.#resolve(given),
      'unikernel/liveChildren': async (given) => {
        const command = `-unikernel-expand ${pageOf(given)} ${flag(given.hexadecimal)}`;
        const rows = jsonOf<MiRecord[]>(await (await this.#gdb()).execute(command), 'variables') ?? [];
        return { children: rows.map(liveValue) };
      },
      'unikernel/setLiveValue': (given) => this.#assign(given),
      'unikernel/subscribeValues': async (given) => ({
        subscription: this.#watch(watchCommand(given), 1000 / checkRate(given.rate)),
      }),
      'unikernel/unsubscribeValues': async ({ subscription }) => {
        clearTimeout(this.#watches.get(subscription));
        this.#watches.delete(subscription);
        return {};
      },
    };
  }

  /** One expression, now. Rejects with gdb's sentence. */
  async evaluate(expression: string, hexadecimal = false): Promise<LiveValue> {
    const command = `-unikernel-evaluate 0 ${flag(hexadecimal)} ${quote(expression)}`;
    return liveValue(recordOf(await (await this.#gdb()).execute(command), 'variable') ?? {});
  }

  /** One expression, now, whose names may lack their prefixes. */
  async #resolve({ expression, hexadecimal, source }: LiveValueRequest): Promise<LiveValue> {
    const place = source ? ` ${quote(`${checkText(source.path)}:${Math.trunc(source.line) || 1}`)}` : '';
    const command = `-unikernel-resolve ${flag(hexadecimal)} ${quote(checkText(expression))}${place}`;
    return liveValue(recordOf(await (await this.#gdb()).execute(command), 'variable') ?? {});
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

  async #assign({ expression, value }: SetLiveValueRequest): Promise<LiveValue> {
    const command = `-unikernel-assign ${quote(checkText(expression))} ${quote(checkText(value))} 0`;
    const answer = await (await this.#gdb()).execute(command);
    const { debuggee } = this.#current();
    if (!debuggee.isRunning) {
      // The session's gdb keeps what it read of stacks.
      await debuggee.gdb.console('maintenance flush dcache');
      this.#events.written();
    }
    return liveValue(recordOf(answer, 'variable') ?? {});
  }

  #watch(command: WatchCommand, period: number): number {
    const subscription = this.#nextId++;
    let sequence = 0;
    let told = '';
    const round = async (): Promise<void> => {
      const begin = performance.now();
      const values = await this.#read(command);
      if (!this.#watches.has(subscription)) {
        return;
      }
      const text = JSON.stringify(values);
      if (text !== told) {
        told = text;
        this.#events.valuesChanged({ subscription, sequence: ++sequence, ...values });
      }
      // gdb is asked again after as long as it took at least.
      const spent = performance.now() - begin;
      this.#watches.set(subscription, setTimeout(round, Math.max(period - spent, spent)));
    };
    this.#watches.set(subscription, setTimeout(round, 0));
    return subscription;
  }

  /** Where gdb cannot be had, that is why each of them cannot be read. */
  async #read({
    command,
    expressions,
    expanded,
  }: WatchCommand): Promise<Pick<ValuesChangedEvent, 'values' | 'children'>> {
    try {
      const answer = await (await this.#gdb()).execute(command);
      const values = (jsonOf<MiRecord[]>(answer, 'values') ?? []).map(liveValue);
      const children = (jsonOf<MiRecord[][]>(answer, 'children') ?? []).map((page) => page.map(liveValue));
      return { values, ...(expanded > 0 && { children }) };
    } catch (error) {
      const reason = sentence(error);
      return {
        values: expressions.map((expression) => ({ ...liveValue({ name: expression, expression }), error: reason })),
      };
    }
  }

  /** The live gdb of this boot; another one when the last has died. */
  async #gdb(): Promise<Gdb> {
    const boot = this.#current();
    const last = this.#gdbs.get(boot);
    const live = await last;
    if (!live?.isAlive && this.#gdbs.get(boot) === last) {
      this.#start(boot, live);
    }
    return (await (this.#gdbs.get(boot) ?? this.#start(boot))).ready();
  }

  #start(boot: Boot, dead?: LiveGdb): Promise<LiveGdb> {
    const starting = (dead?.dispose() ?? Promise.resolve()).then(() => boot.startLiveGdb());
    this.#gdbs.set(boot, starting);
    // The next one who asks tries again.
    starting.catch(() => this.#gdbs.delete(boot));
    return starting;
  }
}

/** What one round of a subscription asks gdb. */
interface WatchCommand {
  command: string;
  expressions: readonly string[];
  expanded: number;
}

function watchCommand({ expressions, expanded = [], hexadecimal }: SubscribeValuesRequest): WatchCommand {
  checkList(expressions, 'expressions', MOST_EXPRESSIONS, 'texts');
  checkList(expanded, 'expanded', MOST_EXPANDED, 'values with "expression"');
  const names = expressions.map((expression) => quote(checkText(expression)));
  const command = ['-unikernel-watch', flag(hexadecimal), expressions.length, ...names, ...expanded.map(pageOf)].join(
    ' ',
  );
  return { command, expressions, expanded: expanded.length };
}

/** `EXPRESSION START COUNT`, within bounds. */
function pageOf({ expression, start, count }: LiveChildrenRequest): string {
  const page = Math.min(LARGEST_PAGE, Math.max(1, Math.trunc(count ?? LARGEST_PAGE) || 1));
  return `${quote(checkText(expression))} ${Math.max(0, Math.trunc(start ?? 0) || 0)} ${page}`;
}

/** A row of session.py. */
function liveValue(row: MiRecord): LiveValue {
  const address = textOf(row, 'address');
  const error = textOf(row, 'error');
  return {
    name: textOf(row, 'name') ?? '',
    expression: textOf(row, 'expression') ?? '',
    value: textOf(row, 'value') ?? '',
    type: textOf(row, 'type') ?? '',
    named: numberOf(row, 'named') ?? 0,
    indexed: numberOf(row, 'indexed') ?? 0,
    ...(address !== undefined && { memoryReference: address }),
    ...(error !== undefined && { error }),
  };
}

function checkText(text: string): string {
  if (typeof text !== 'string' || text.trim() === '') {
    throw new Error('An expression must be a text.');
  }
  return text;
}

function checkList(list: unknown, name: string, most: number, what: string): void {
  if (!Array.isArray(list) || list.length > most) {
    throw new Error(`"${name}" must be a list of at most ${most} ${what}.`);
  }
}

function checkRate(rate: number): number {
  if (!(rate >= SLOWEST && rate <= FASTEST)) {
    throw new Error(`"rate" must be a number from ${SLOWEST} to ${FASTEST} a second.`);
  }
  return rate;
}

function flag(value: boolean | undefined): 0 | 1 {
  return value ? 1 : 0;
}
