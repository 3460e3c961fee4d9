/** The terminal client's command line. */
import { parseArgs } from 'node:util';
import type { LaunchArguments } from '../protocol.ts';

export const USAGE = `usage: npm start -- [options]

Boots a kernel under the debug adapter, stops at a breakpoint, prints the call stacks of several threads, the four views
and the largest symbols, then goes on live until Ctrl-C.

  --once                 print one round and end
  --kernel=sprout|ELF    what to debug (default: sprout, from this tree)
  --cwd=FOLDER           the kernel's tree
  --break=FUNCTION       where to stop (default: a function of Sprout's workload)
  --hits=N               stop at the call with this number (default 1; 100 without --break)
  --command-line=TEXT    the kernel's command line
  --cpus=N --memory=SIZE --machine=pc|q35|microvm
  --rate=HZ              refreshes a second while live, 0.1 to 50 (default 2)
  --help`;

export interface TerminalOptions {
  once: boolean;
  help: boolean;
  rate: number;
  breakFunction: string;
  /** The call of it that stops, from 1. */
  hits: number;
  launch: LaunchArguments;
}

/** The function of Sprout's workload where the default session stops. */
const DEFAULT_BREAK = 'sprout::workload::Worker::write_shared_file';
/** By then the workload has run a little: locks are fought for, timers run. */
const DEFAULT_HITS = '100';
const DEFAULT_COMMAND_LINE = 'workload --load=50 --threads=8 --vnodes=32 --objects=2000 --seconds=forever';

/** Throws an Error with one sentence when the command line is wrong. `root` is Sprout's tree. */
export function parseOptions(parameters: string[], root: string): TerminalOptions {
  const { values } = parseArgs({
    args: parameters,
    options: {
      once: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      kernel: { type: 'string', default: 'sprout' },
      cwd: { type: 'string', default: root },
      break: { type: 'string' },
      hits: { type: 'string' },
      'command-line': { type: 'string', default: DEFAULT_COMMAND_LINE },
      cpus: { type: 'string', default: '2' },
      memory: { type: 'string', default: '256M' },
      machine: { type: 'string', default: 'q35' },
      rate: { type: 'string', default: '2' },
    },
  });
  return {
    once: values.once,
    help: values.help,
    rate: numberBetween('rate', values.rate, 0.1, 50),
    breakFunction: values.break ?? DEFAULT_BREAK,
    hits: wholeNumber('hits', values.hits ?? (values.break === undefined ? DEFAULT_HITS : '1'), 1, 1_000_000),
    launch: {
      kernel: values.kernel,
      cwd: values.cwd,
      commandLine: values['command-line'],
      cpus: wholeNumber('cpus', values.cpus, 1, 8),
      memory: values.memory,
      machine: machineOf(values.machine),
    },
  };
}

function numberBetween(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!(value >= low && value <= high)) {
    throw new Error(`--${name} takes a number from ${low} to ${high}, not “${text}”.`);
  }
  return value;
}

function wholeNumber(name: string, text: string, low: number, high: number): number {
  const value = numberBetween(name, text, low, high);
  if (!Number.isInteger(value)) {
    throw new Error(`--${name} takes a whole number, not “${text}”.`);
  }
  return value;
}

function machineOf(text: string): 'pc' | 'q35' | 'microvm' {
  if (text === 'pc' || text === 'q35' || text === 'microvm') {
    return text;
  }
  throw new Error(`--machine takes pc, q35 or microvm, not “${text}”.`);
}
