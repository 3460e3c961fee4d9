/** gdb's signal numbers. */
export const SIGNAL_INTERRUPT = 2;
export const SIGNAL_QUIT = 3;
export const SIGNAL_TRAP = 5;

/** Why a watchpoint stopped: `watch`, `rwatch` or `awatch`, and the data's address. */
export interface WatchHit {
  kind: 'watch' | 'rwatch' | 'awatch';
  address: bigint;
}

/** A stop reply of upstream, taken apart. */
export interface UpstreamStop {
  /** The reply is no stop (`W`, `X`, `E…`, empty): goes to gdb as it is. */
  final?: string;
  signal: number;
  /** Upstream's thread id, as it writes it; undefined when it names none. */
  thread?: string;
  watch?: WatchHit;
  /** Fields that are none of ours (`replaylog:begin;`, `library:;`), each with its semicolon. */
  rest: string;
}

/** Parses `T05thread:01;rwatch:1000;`, `S05` and the ends. Unknown fields are kept, registers (upstream's own order) dropped. */
export function parseStopReply(text: string): UpstreamStop {
  const head = /^([ST])([0-9a-f]{2})/.exec(text);
  if (head === null) {
    return { final: text, signal: 0, rest: '' };
  }
  const stop: UpstreamStop = { signal: Number.parseInt(head[2] ?? '', 16), rest: '' };
  for (const field of text.slice(3).split(';')) {
    const colon = field.indexOf(':');
    const name = field.slice(0, colon);
    const value = field.slice(colon + 1);
    if (name === 'thread') {
      stop.thread = normaliseThread(value);
    } else if ((name === 'watch' || name === 'rwatch' || name === 'awatch') && /^[0-9a-f]+$/i.test(value)) {
      stop.watch = { kind: name, address: BigInt(`0x${value}`) };
    } else if (colon > 0 && name !== 'core' && !/^[0-9a-f]+$/i.test(name)) {
      stop.rest += `${field};`;
    }
  }
  return stop;
}

/** Without leading zeroes and without a process (`p01.02` → `2`). */
export function normaliseThread(id: string): string {
  const thread = id.includes('.') ? id.slice(id.indexOf('.') + 1) : id.replace(/^p/, '');
  return thread.replace(/^0+(?=.)/, '').toLowerCase();
}

/** Two hexadecimal digits. */
export function byteHex(value: number): string {
  return value.toString(16).padStart(2, '0');
}

/** The last stop, as gdb was told of it. */
export interface StopFacts {
  /** The DAP thread id in the stop reply. */
  thread: number;
  /** The CPU that it is on; undefined for a parked thread (a step that was left waiting). */
  cpu: number | undefined;
  /** For each CPU, the DAP thread id on it. */
  cpuThreads: readonly number[];
  /** gdb's signal number: 5 trap (breakpoint, step), 2 interrupt, 3 the guest ended (triple fault, power-off). */
  signal: number;
}
