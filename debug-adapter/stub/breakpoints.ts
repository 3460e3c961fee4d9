import type { Packet } from '../rsp/codec.ts';
import type { WatchHit } from './stop-reply.ts';
import type { Upstream } from './upstream.ts';

/** A breakpoint (`Z0` software, `Z1` hardware) or watchpoint (`Z2` write, `Z3` read, `Z4` access) as gdb set it. */
export interface Breakpoint {
  type: number;
  address: bigint;
  /** Length of the data watched, or the architecture's kind. */
  kind: string;
  /** Agent expressions: it stops when one is not 0, or when there is none. */
  conditions: Buffer[];
}

const WATCH_KINDS = ['', '', 'watch', 'rwatch', 'awatch'];
const MAXIMUM_CONDITIONS = 64;

/**
 * What gdb wants, what we need ourselves, and what upstream has.
 *
 * gdb takes every breakpoint out at each stop and puts it in again at the next resume. Taking out is therefore put off until a
 * resume, where most turn out to be wanted again: a step with 100 breakpoints costs none of 200 round trips. Under TCG no guest
 * memory is written for a breakpoint, so nobody can see the difference; `lazy` is false where it is.
 */
export class Breakpoints {
  readonly #upstream: Upstream;
  readonly #wanted = new Map<string, Breakpoint>();
  readonly #own = new Set<string>();
  readonly #installed = new Set<string>();
  #lazy = false;

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  /** Whether upstream may keep what gdb has taken out until the next resume. */
  set lazy(lazy: boolean) {
    this.#lazy = lazy;
  }

  /** `Z…` of gdb; returns the reply. */
  async insert(packet: Packet): Promise<string> {
    const breakpoint = parseInsert(packet.text);
    if (breakpoint === undefined) {
      return 'E.The breakpoint packet is malformed.';
    }
    const key = keyOf(breakpoint.type, breakpoint.address, breakpoint.kind);
    const reply = await this.#install(key);
    if (reply === 'OK') {
      this.#wanted.set(key, breakpoint);
    }
    return reply;
  }

  /** `z…` of gdb; returns the reply. */
  async remove(packet: Packet): Promise<string> {
    const match = /^z([0-4],[0-9a-f]+,[0-9a-f]+)/i.exec(packet.text);
    if (match === null) {
      return '';
    }
    const key = normaliseKey(match[1] ?? '');
    this.#wanted.delete(key);
    if (!this.#lazy) {
      await this.synchronise();
    }
    return 'OK';
  }

  /** Sets a breakpoint of our own. False when upstream refuses. */
  async insertOwn(type: number, address: bigint, kind: number): Promise<boolean> {
    const key = keyOf(type, address, kind.toString(16));
    const installed = (await this.#install(key)) === 'OK';
    if (installed) {
      this.#own.add(key);
    }
    return installed;
  }

  /** Takes out our own; upstream hears of it at the next resume. */
  removeOwn(): void {
    this.#own.clear();
  }

  /** Brings upstream to what is wanted. Before each resume. */
  async synchronise(): Promise<void> {
    const surplus: string[] = [];
    for (const key of this.#installed) {
      if (!this.#wanted.has(key) && !this.#own.has(key)) {
        surplus.push(`z${key}`);
        this.#installed.delete(key);
      }
    }
    if (surplus.length > 0) {
      await this.#upstream.batch(surplus);
    }
  }

  /** Takes everything out of upstream. */
  async clear(): Promise<void> {
    this.#wanted.clear();
    this.#own.clear();
    await this.synchronise();
  }

  /** gdb's breakpoints at `address`. */
  at(address: bigint): Breakpoint[] {
    const found: Breakpoint[] = [];
    for (const breakpoint of this.#wanted.values()) {
      if (breakpoint.type <= 1 && breakpoint.address === address) {
        found.push(breakpoint);
      }
    }
    return found;
  }

  /** Whether upstream stops at `address`, for whomever: gdb, ourselves, or gdb until it took it out at this stop. */
  installedAt(address: bigint): boolean {
    const place = address.toString(16);
    for (const key of this.#installed) {
      if ((key[0] === '0' || key[0] === '1') && key.slice(2, key.indexOf(',', 2)) === place) {
        return true;
      }
    }
    return false;
  }

  /** Whether a watchpoint of gdb covers the data that upstream names. */
  watched(hit: WatchHit): boolean {
    for (const breakpoint of this.#wanted.values()) {
      const length = BigInt(`0x${breakpoint.kind}`);
      const covers = hit.address >= breakpoint.address && hit.address < breakpoint.address + length;
      if (covers && WATCH_KINDS[breakpoint.type] === hit.kind) {
        return true;
      }
    }
    return false;
  }

  async #install(key: string): Promise<string> {
    if (this.#installed.has(key)) {
      return 'OK';
    }
    const reply = await this.#upstream.ask(`Z${key}`);
    if (reply === 'OK') {
      this.#installed.add(key);
    }
    return reply;
  }
}

function keyOf(type: number, address: bigint, kind: string): string {
  return `${type},${address.toString(16)},${kind}`;
}

function normaliseKey(key: string): string {
  const [type = '', address = '0', kind = ''] = key.toLowerCase().split(',');
  return `${type},${BigInt(`0x${address}`).toString(16)},${kind}`;
}

/** `Z0,address,kind;X<length>,<bytes>;X…;cmds:…`. Undefined when it is malformed. */
function parseInsert(text: string): Breakpoint | undefined {
  const match = /^Z([0-4]),([0-9a-f]{1,16}),([0-9a-f]{1,8})(.*)$/is.exec(text);
  if (match === null) {
    return undefined;
  }
  const conditions = parseConditions(match[4] ?? '');
  if (conditions === undefined) {
    return undefined;
  }
  return {
    type: Number(match[1]),
    address: BigInt(`0x${match[2]}`),
    kind: (match[3] ?? '').toLowerCase(),
    conditions,
  };
}

function parseConditions(text: string): Buffer[] | undefined {
  const conditions: Buffer[] = [];
  // gdb separates expressions by nothing: `;X5,2203220427X3,…` or by semicolons
  const pattern = /;?X([0-9a-f]{1,4}),/iy;
  let at = 0;
  for (;;) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) {
      return text.slice(at).startsWith('X') ? undefined : conditions;
    }
    const digits = Number.parseInt(match[1] ?? '', 16) * 2;
    const start = pattern.lastIndex;
    const hex = text.slice(start, start + digits);
    if (hex.length !== digits || !/^[0-9a-f]*$/i.test(hex) || conditions.length >= MAXIMUM_CONDITIONS) {
      return undefined;
    }
    conditions.push(Buffer.from(hex, 'hex'));
    at = start + digits;
  }
}
