/** The options of Sprout's kernel and the words of its programs, as kernel/core/command_line.cc and kernel/workload/options.cc have them. */
import * as l10n from '@vscode/l10n';
import type { Option } from './model.ts';

export interface SproutOption extends Option {
  /** What an error says that the value must be. */
  expected: string;
  /** Of a number. */
  least?: number;
  most?: number;
}

const KIB = 1 << 10;
const MIB = 1 << 20;

function choice(name: string, documentation: string, choices: Record<string, string>): SproutOption {
  return {
    name,
    value: 'needed',
    documentation,
    expected: Object.keys(choices).join('|'),
    choices: Object.entries(choices).map(([value, text]) => ({ value, documentation: text })),
  };
}

export const TRACE_KINDS: Record<string, string> = {
  all: l10n.t('Every kind.'),
  none: l10n.t('No kind.'),
  switch: l10n.t('A CPU goes from one thread to another.'),
  wake: l10n.t('A thread is woken.'),
  lock: l10n.t('Locks: waited for, acquired, released.'),
  memory: l10n.t('Memory: allocated and freed. Many records.'),
  timer: l10n.t('A timer fires.'),
  vnode: l10n.t('An operation of the file system.'),
  thread: l10n.t('Threads that begin and end.'),
};

export const sproutOptions: readonly SproutOption[] = [
  choice('panic', l10n.t('What a panic ends with.'), {
    exit: l10n.t('End the machine with exit status 255. The default.'),
    halt: l10n.t('Stay, so that a debugger can look.'),
    reboot: l10n.t('Start the machine anew.'),
  }),
  choice('log', l10n.t('How much the kernel says.'), {
    quiet: l10n.t('Only what programs print, and errors.'),
    normal: l10n.t('The default.'),
    verbose: l10n.t('Everything.'),
  }),
  choice('at-end', l10n.t('What follows the last program.'), {
    exit: l10n.t('Power off with the programs’ exit status. The default.'),
    halt: l10n.t('Stay idle.'),
  }),
  choice('clock', l10n.t('The source of time.'), {
    best: l10n.t('The best that the machine has. The default.'),
    tsc: l10n.t('The CPU’s time-stamp counter.'),
    hpet: l10n.t('The HPET.'),
    'hpet-wrap': l10n.t('The HPET as if it had 32 bits, wrapping soon after boot: for tests.'),
  }),
  { name: 'help', value: 'none', expected: '', documentation: l10n.t('List the options and the programs, then end.') },
  {
    name: 'cpus',
    value: 'needed',
    form: '1..8',
    expected: l10n.t('a number from 1 to 8'),
    least: 1,
    most: 8,
    documentation: l10n.t('Bring up this many CPUs at most. Default: all that the machine has.'),
  },
  {
    name: 'track-allocations',
    value: 'optional',
    form: '1..16M',
    expected: l10n.t('a number from 1 to 16M'),
    least: 1,
    most: 16 * MIB,
    documentation: l10n.t('Remember who allocated what, for so many live blocks; 64K without a number. Default: off.'),
  },
  {
    name: 'trace',
    value: 'needed',
    isList: true,
    form: 'KIND,KIND…',
    expected: l10n.t('all, none, or kinds divided by commas'),
    choices: Object.entries(TRACE_KINDS).map(([value, documentation]) => ({ value, documentation })),
    documentation: l10n.t('What is recorded in the trace rings. Default: everything but `memory`.'),
  },
  {
    name: 'trace-records',
    value: 'needed',
    form: '0..1M',
    expected: l10n.t('a number from 0 to 1M'),
    least: 0,
    most: KIB * KIB,
    documentation: l10n.t('Records in the trace ring of each CPU; 0: no rings. Default: 4096.'),
  },
  {
    name: 'profile',
    value: 'optional',
    form: '1..10000',
    expected: l10n.t('a number from 1 to 10000'),
    least: 1,
    most: 10_000,
    documentation: l10n.t('Sample what each CPU runs, so many times a second; 99 without a number. Default: off.'),
  },
  {
    name: 'env',
    value: 'needed',
    form: 'NAME=VALUE',
    expected: 'NAME=VALUE',
    documentation: l10n.t('A variable, for `$NAME` in what follows and for the programs.'),
  },
];

/** A word of the workload: `name=value`, `--name=value` or `--name value`; a flag is just `name`. */
export interface WorkloadWord extends Option {
  least: number;
  most: number;
  /** `forever` is a value too. */
  hasForever?: boolean;
}

function number(name: string, least: number, most: number, documentation: string): WorkloadWord {
  return { name, value: 'needed', form: `${least}..${most}`, least, most, documentation };
}

function flag(name: string, documentation: string): WorkloadWord {
  return { name, value: 'none', least: 0, most: 0, documentation };
}

export const workloadWords: readonly WorkloadWord[] = [
  number('load', 1, 100, l10n.t('How much of the machine the workers want, in percent. Default: 20.')),
  number('threads', 1, 50_000, l10n.t('Workers. Default: 8.')),
  number('vnodes', 1, 10_000_000, l10n.t('Files. Default: 32.')),
  number('objects', 0, 100_000_000, l10n.t('Objects that live at any time, at least. Default: 1000.')),
  {
    ...number('seconds', 0, 1_000_000_000, l10n.t('How long it runs. Default: `forever`.')),
    form: '0..1000000000|forever',
    hasForever: true,
    choices: [{ value: 'forever', documentation: l10n.t('Until the machine is ended.') }],
  },
  {
    ...number('panic', 0, 1_000_000_000, l10n.t('Panic after so many seconds; at once without a number.')),
    value: 'optional',
  },
  flag('deadlock', l10n.t('Two threads lock `/data/a` and `/data/b` in opposite order.')),
  flag('reader-writer-cycle', l10n.t('The same with readers that want to write, on `/data/c` and `/data/d`.')),
  flag('leak', l10n.t('A thread that allocates and forgets.')),
  flag('stack-overflow', l10n.t('A thread that calls itself until its stack ends.')),
];

export const sproutPrograms = [
  {
    name: 'workload',
    documentation: l10n.t('Threads that write, read, allocate, time and rename: something for every view.'),
    words: workloadWords,
  },
  { name: 'hello', documentation: l10n.t('Prints a greeting and ends.'), words: [] },
  { name: 'echo', documentation: l10n.t('Prints its words.'), words: [] },
  { name: 'idle', documentation: l10n.t('Sleeps for ever.'), words: [] },
  {
    name: 'runscript',
    documentation: l10n.t('`runscript PATH`: the file’s lines are further command line.'),
    words: [],
  },
];

/** A number as kernel/core/number.hh reads it: decimal digits, then perhaps K, M or G. */
export function parseNumber(text: string): bigint | undefined {
  const match = /^(\d+)([KMG]?)$/.exec(text);
  if (!match) {
    return undefined;
  }
  const limit = 1n << 64n;
  const shift = { K: 10n, M: 20n, G: 30n }[match[2] as 'K' | 'M' | 'G'] ?? 0n;
  const digits = BigInt(match[1] ?? '');
  return digits >= limit - 9n || digits >> (64n - shift) !== 0n ? undefined : digits << shift;
}

export function isInRange(text: string, least: number, most: number): boolean {
  const value = parseNumber(text);
  return value !== undefined && value >= BigInt(least) && value <= BigInt(most);
}
