/** Breakpoints of every kind, as the client wants them; they outlive a boot. */
import { basename } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { type MiRecord, numberOf, quote, recordOf, recordsOf, textOf } from '../gdb/records.ts';
import { sentence } from '../sentence.ts';
import { type BreakpointRequest, parseHitCondition, parseLogMessage, sameRequest } from './breakpoint-request.ts';
import type { Debuggee } from './debuggee.ts';
import type { CurrentBoot } from './lifecycle.ts';
import { addressOf, hexadecimal } from './memory.ts';
import { Mutex } from './mutex.ts';
import type { Handlers } from './requests.ts';

interface Entry {
  /** What the client knows it by. */
  id: number;
  request: BreakpointRequest | undefined;
  /** gdb's number; undefined where it was refused. */
  number?: string;
  shown: DebugProtocol.Breakpoint;
}

/** The list of breakpoints at functions. */
const FUNCTIONS = 'functions';

type Family = 'setBreakpoints' | 'setFunctionBreakpoints' | 'setInstructionBreakpoints';
type Conditions = Pick<DebugProtocol.SourceBreakpoint, 'condition' | 'hitCondition' | 'logMessage'>;

/** One list for each source file, one for functions and one for instructions: a client always sets a whole list. */
export class Breakpoints {
  readonly #current: CurrentBoot;
  readonly #changed: (breakpoint: DebugProtocol.Breakpoint) => void;
  readonly #lists = new Map<string, Entry[]>();
  /** One list at a time: each begins with what the one before has set. */
  readonly #changes = new Mutex();
  #nextId = 1;

  /** @param changed tells the client of a breakpoint that is not as it was told */
  constructor(current: CurrentBoot, changed: (breakpoint: DebugProtocol.Breakpoint) => void) {
    this.#current = current;
    this.#changed = changed;
  }

  get handlers(): Handlers<Family> {
    return {
      setBreakpoints: ({ source, breakpoints = [] }) => {
        const path = source.path ?? '';
        const requests = breakpoints.map((one) => () => withConditions(lineLocation(path, Math.trunc(one.line)), one));
        return this.#set(`source ${path}`, requests);
      },
      setFunctionBreakpoints: ({ breakpoints }) =>
        this.#set(
          FUNCTIONS,
          breakpoints.map((one) => () => withConditions(functionLocation(one.name), one)),
        ),
      setInstructionBreakpoints: ({ breakpoints }) =>
        this.#set(
          'instructions',
          breakpoints.map((one) => () => {
            const place = `*${hexadecimal(addressOf(one.instructionReference, one.offset))}`;
            return withConditions({ location: place, linespec: place }, one);
          }),
        ),
    };
  }

  /** The client's ids of the breakpoints that gdb knows as `number`. */
  idsOf(number: string): number[] {
    return this.#find(number).map(({ id }) => id);
  }

  /** Where a log point stands, for its message. */
  placeOf(number: string): DebugProtocol.Breakpoint | undefined {
    return this.#find(number)[0]?.shown;
  }

  /** A breakpoint with `%` was hit: it skips again. */
  async countAgain(number: string): Promise<void> {
    const every = this.#find(number)[0]?.request?.hits?.every;
    if (every !== undefined) {
      await this.#current().debuggee.gdb.execute(`-break-after ${number} ${every - 1}`);
    }
  }

  /** Sets every breakpoint in a new boot, and tells the client of those that are not as they were. */
  insertAll(debuggee: Debuggee): Promise<void> {
    return this.#changes.run(() => this.#insertAllNow(debuggee));
  }

  /** Sets what gdb knew no place for, now that it has more symbols, and tells the client. Only while the guest is stopped. */
  async bind(debuggee: Debuggee): Promise<void> {
    for (const entry of this.#unbound()) {
      await insert(debuggee, entry);
      if (entry.number !== undefined) {
        this.#changed(entry.shown);
      }
    }
  }

  /** Whether a program that the guest loads may have places for them: of functions also where the kernel has some. */
  get awaitPrograms(): boolean {
    return this.#unbound().length > 0 || (this.#lists.get(FUNCTIONS) ?? []).length > 0;
  }

  #unbound(): Entry[] {
    return [...this.#lists.values()].flat().filter(({ request, number }) => request && number === undefined);
  }

  async #insertAllNow(debuggee: Debuggee): Promise<void> {
    for (const entry of [...this.#lists.values()].flat()) {
      const before = JSON.stringify(entry.shown);
      delete entry.number;
      await insert(debuggee, entry);
      if (JSON.stringify(entry.shown) !== before) {
        this.#changed(entry.shown);
      }
    }
  }

  #find(number: string): Entry[] {
    return [...this.#lists.values()].flat().filter((entry) => entry.number === number);
  }

  /** Makes a list as the client wants it; what is there already stays, with its hits counted. */
  #set(name: string, wanted: (() => BreakpointRequest)[]): Promise<{ breakpoints: DebugProtocol.Breakpoint[] }> {
    return this.#changes.run(() => this.#setNow(name, wanted));
  }

  async #setNow(
    name: string,
    wanted: (() => BreakpointRequest)[],
  ): Promise<{ breakpoints: DebugProtocol.Breakpoint[] }> {
    const old = [...(this.#lists.get(name) ?? [])];
    const entries = wanted.map((make) => this.#reuseOrCreate(make, old));
    this.#lists.set(name, entries);
    const added = entries.filter((entry) => entry.request !== undefined && entry.number === undefined);
    const removed = old.filter((entry) => entry.number !== undefined);
    try {
      const { debuggee, programs } = this.#current();
      if (added.length > 0 || removed.length > 0) {
        await debuggee.whileStopped(async () => {
          await programs?.sync();
          await change(debuggee, removed, added);
          await programs?.watch(this.awaitPrograms);
        });
        if (programs) {
          tellOfLaterPrograms(added);
        }
      }
    } catch (error) {
      // A restart sets what is in the lists then, and tells the client.
      for (const entry of added) {
        entry.shown = { id: entry.id, verified: false, message: sentence(error) };
      }
    }
    return { breakpoints: entries.map(({ shown }) => shown) };
  }

  #reuseOrCreate(make: () => BreakpointRequest, old: Entry[]): Entry {
    const id = this.#nextId++;
    try {
      const request = make();
      const index = old.findIndex((entry) => entry.request && entry.number && sameRequest(entry.request, request));
      const [known] = index < 0 ? [] : old.splice(index, 1);
      return known ?? { id, request, shown: { id, verified: false } };
    } catch (error) {
      return { id, request: undefined, shown: { id, verified: false, message: sentence(error) } };
    }
  }
}

function tellOfLaterPrograms(entries: readonly Entry[]): void {
  for (const { number, shown } of entries) {
    if (number === undefined && shown.message !== undefined) {
      shown.message = `${shown.message.replace(/\.$/, '')}. It is set once the guest loads a program that has it.`;
    }
  }
}

async function change(debuggee: Debuggee, removed: Entry[], added: Entry[]): Promise<void> {
  for (const { number } of removed) {
    // One that stops once is gone by itself.
    await debuggee.gdb.execute(`-break-delete ${number}`).catch(() => undefined);
  }
  for (const entry of added.filter(({ number }) => number === undefined)) {
    await insert(debuggee, entry);
  }
}

function lineLocation(path: string, line: number): Pick<BreakpointRequest, 'location' | 'linespec'> {
  return {
    location: `--source ${quote(path)} --line ${line}`,
    linespec: `-source ${quote(path)} -line ${line}`,
  };
}

function functionLocation(name: string): Pick<BreakpointRequest, 'location' | 'linespec'> {
  return { location: `--function ${quote(name)}`, linespec: `-function ${name}` };
}

/** @throws Error with one sentence for a hit count that is none. */
function withConditions(place: Pick<BreakpointRequest, 'location' | 'linespec'>, given: Conditions): BreakpointRequest {
  return {
    ...place,
    condition: given.condition?.trim() || undefined,
    hits: given.hitCondition?.trim() ? parseHitCondition(given.hitCondition) : undefined,
    log: given.logMessage ? parseLogMessage(given.logMessage) : undefined,
  };
}

/** Sets one breakpoint. Never rejects for what gdb refuses: the client is told why it does not stop. */
async function insert(debuggee: Debuggee, entry: Entry): Promise<void> {
  const { id, request } = entry;
  if (!request) {
    return;
  }
  try {
    const record = request.log ? await insertLogPoint(debuggee, request) : await insertStop(debuggee, request);
    const number = textOf(record, 'number');
    if (number !== undefined) {
      entry.number = number;
    }
    entry.shown = describe(id, record);
  } catch (error) {
    entry.shown = { id, verified: false, message: sentence(error) };
  }
}

async function insertStop(debuggee: Debuggee, request: BreakpointRequest): Promise<MiRecord> {
  const { condition, hits, location } = request;
  const options = [
    hits?.once ? '-t' : '',
    condition === undefined ? '' : `-c ${quote(condition)}`,
    hits && hits.skip > 0 ? `-i ${hits.skip}` : '',
    location,
  ];
  const answer = await debuggee.gdb.execute(`-break-insert ${options.filter((option) => option !== '').join(' ')}`);
  return recordOf(answer, 'bkpt') ?? {};
}

async function insertLogPoint(debuggee: Debuggee, request: BreakpointRequest): Promise<MiRecord> {
  const parts = [request.linespec, request.condition ?? '', ...(request.log ?? [])].map(quote).join(' ');
  const number = textOf(await debuggee.gdb.execute(`-unikernel-logpoint ${parts}`), 'number') ?? '';
  if (request.hits && request.hits.skip > 0) {
    await debuggee.gdb.execute(`-break-after ${number} ${request.hits.skip}`);
  }
  const table = recordOf(await debuggee.gdb.execute(`-break-info ${number}`), 'breakpointtable') ?? {};
  return recordsOf(table, 'body')[0] ?? { number };
}

/** A breakpoint at several places (a template, an inlined function) is shown at the first. */
function describe(id: number, record: MiRecord): DebugProtocol.Breakpoint {
  const place = recordsOf(record, 'locations')[0] ?? record;
  const path = textOf(place, 'fullname');
  const line = numberOf(place, 'line');
  const address = textOf(place, 'addr');
  return {
    id,
    verified: true,
    ...(line !== undefined && { line }),
    ...(path !== undefined && { source: { name: basename(path), path } }),
    ...(address?.startsWith('0x') && { instructionReference: address }),
  };
}
