import { type Address, isCanonical } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Place } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { MOST_ELEMENTS, type OsvStructures, TCP_CONNECTIONS } from './structures.ts';

/** netinet/tcp_timer.h, `tcp_timer_type`, for people. */
const NAMES: Record<string, string> = {
  TT_DELACK: 'delayed ACK',
  TT_REXMT: 'retransmit',
  TT_PERSIST: 'persist',
  TT_KEEP: 'keep-alive',
  TT_2MSL: '2MSL',
  TT_TSO_FLUSH: 'TSO flush',
};

const ENDPOINTS = 'inp_inc.inc_ie';
const ADDRESS = 'id46_addr.ia46_addr4.s_addr';

/** Timers of TCP connections: each has one of each kind, which runs as an async task. */
export class OsvTcpTimers {
  readonly #list;
  readonly #block;
  readonly #connection;
  readonly #timers;
  /** Where a serial task has the task that an async worker knows. */
  readonly #task: number;
  readonly #kinds: ReadonlyMap<number, string>;

  constructor(structures: OsvStructures) {
    const { layouts } = structures.facts;
    const list = layouts.variable(TCP_CONNECTIONS);
    this.#list = { reader: list, address: structures.symbol(TCP_CONNECTIONS), first: list.pointer('lh_first') };
    const block = layouts.struct('inpcb');
    this.#block = {
      reader: block,
      next: block.pointer('inp_list.le_next'),
      connection: block.pointer('inp_ppcb'),
      localPort: block.number(`${ENDPOINTS}.ie_lport`),
      remotePort: block.number(`${ENDPOINTS}.ie_fport`),
      local: block.number(`${ENDPOINTS}.ie_dependladdr.${ADDRESS}`),
      remote: block.number(`${ENDPOINTS}.ie_dependfaddr.${ADDRESS}`),
    };
    const connection = layouts.struct('tcpcb');
    this.#connection = { reader: connection, timers: connection.pointer('t_timers') };
    const timers = layouts.struct('tcp_timer');
    const tasks = timers.typeOf('timers._M_elems');
    this.#timers = { offset: timers.offset('timers._M_elems'), count: tasks.size / 8 };
    this.#task = layouts.struct('async::serial_timer_task').offset('_task');
    this.#kinds = layouts.enumeration('tcp_timer_type');
  }

  /** `TCP keep-alive 10.0.2.15:80 – 10.0.2.2:49152` by the address of the async task. */
  byTask(snapshot: Snapshot): ReadonlyMap<Address, string> {
    const names = new Map<Address, string>();
    const seen = new Set<Address>([0]);
    try {
      let block = this.#list.first(snapshot.at(this.#list.reader, this.#list.address));
      while (!seen.has(block) && isCanonical(block) && seen.size < MOST_ELEMENTS) {
        seen.add(block);
        const place = snapshot.at(this.#block.reader, block);
        this.#addTimers(snapshot, place, names);
        block = this.#block.next(place);
      }
    } catch (error) {
      rethrowUnlessUnreadable(error);
    }
    return names;
  }

  /** One that waits to be forgotten (TIME_WAIT) has something else in the place of its connection: no task is like that. */
  #addTimers(snapshot: Snapshot, block: Place, names: Map<Address, string>): void {
    const connection = this.#block.connection(block);
    if (connection === 0 || !isCanonical(connection)) {
      return;
    }
    try {
      const timers = this.#connection.timers(snapshot.at(this.#connection.reader, connection));
      const tasks = snapshot.read(timers + this.#timers.offset, this.#timers.count * 8);
      const ends = this.#ends(block);
      for (let kind = 0; kind < this.#timers.count; kind++) {
        const name = this.#kinds.get(kind) ?? `timer ${kind}`;
        const task = Number(tasks.readBigInt64LE(kind * 8)) + this.#task;
        names.set(task, `TCP ${NAMES[name] ?? name} ${ends}`);
      }
    } catch (error) {
      rethrowUnlessUnreadable(error);
    }
  }

  #ends(block: Place): string {
    const { local, localPort, remote, remotePort } = this.#block;
    return `${endOf(local(block), localPort(block))} – ${endOf(remote(block), remotePort(block))}`;
  }
}

/** Both are in network order. */
function endOf(address: number, port: number): string {
  const bytes = [0, 8, 16, 24].map((shift) => (address >>> shift) & 0xff);
  return `${address === 0 ? '*' : bytes.join('.')}:${((port & 0xff) << 8) | (port >> 8)}`;
}

function rethrowUnlessUnreadable(error: unknown): void {
  if (!(error instanceof UnreadableMemory)) {
    throw error;
  }
}
