/** The command line of `unikernel-workbench sizes`. */
import { parseArgs } from 'node:util';
import { parseSize } from '../elf/sizes/budgets.ts';
import type { SourceMap } from '../elf/sizes/source-map.ts';
import type { Grouping, Measure, TreeQuery } from '../elf/sizes/tree.ts';

export const SIZES_USAGE = `usage: unikernel-workbench sizes [options] ELF

What an ELF file's bytes are: every byte of it, by source, section or name. Needs no kernel to run.

  --by=source|section|name     group by folder and file (default), by section, or by namespace, class and template
  --measure=memory|file        what rows are sorted and cut by: bytes in the loaded program (default), or in the file
  --sort=size|name             (default size)
  --filter=REGEX               only what has this in its name, source or section
  --minimum=SIZE               tell smaller rows as one; bytes, or with KiB or MiB
  --depth=N  --rows=N          levels of the tree (default 3), rows on each level (default 20)
  --symbols                    a list of the largest symbols instead of the tree
  --sections                   the sections, as "size -A" tells them, and what they cost
  --compare=ELF                what changed since that build
  --who=NAME                   who keeps a symbol alive, and what it keeps (needs a link with -Wl,--emit-relocs)
  --stack                      worst-case stacks, from the .su files of -fstack-usage beside the ELF
  --disassemble=NAME           a function's instructions beside its source (needs gdb)
  --budgets=FILE               check the size budgets in FILE; the exit code is 1 when one is exceeded
  --source-map=FROM=TO         sources at FROM are at TO on this machine; may be told several times
  --json                       for programs
  --no-cache                   read the file even when this build was read before
  --help`;

export interface SizesOptions {
  help: boolean;
  path: string;
  query: TreeQuery;
  depth: number;
  rows: number;
  mode: 'tree' | 'symbols' | 'sections' | 'stack';
  compare?: string;
  who?: string;
  disassemble?: string;
  budgets?: string;
  sourceMap: SourceMap;
  json: boolean;
  cache: boolean;
}

/** @throws Error with one sentence when the command line is wrong. */
export function parseSizesOptions(parameters: string[]): SizesOptions {
  const { values, positionals } = parseArgs({
    args: parameters,
    allowPositionals: true,
    options: {
      by: { type: 'string', default: 'source' },
      measure: { type: 'string', default: 'memory' },
      sort: { type: 'string', default: 'size' },
      filter: { type: 'string', default: '' },
      minimum: { type: 'string', default: '0' },
      depth: { type: 'string', default: '3' },
      rows: { type: 'string', default: '20' },
      symbols: { type: 'boolean', default: false },
      sections: { type: 'boolean', default: false },
      stack: { type: 'boolean', default: false },
      compare: { type: 'string' },
      who: { type: 'string' },
      disassemble: { type: 'string' },
      budgets: { type: 'string' },
      'source-map': { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      'no-cache': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [path, ...others] = positionals;
  if (!values.help && (path === undefined || others.length > 0)) {
    throw new Error('Tell one ELF file; --help tells the rest.');
  }
  const minimum = parseSize(values.minimum);
  if (minimum === undefined) {
    throw new Error(`--minimum takes bytes or a size such as 4KiB, not “${values.minimum}”.`);
  }
  return {
    help: values.help,
    path: path ?? '',
    query: {
      grouping: oneOf<Grouping>('by', values.by, ['source', 'section', 'name']),
      measure: oneOf<Measure>('measure', values.measure, ['memory', 'file']),
      sort: oneOf<'size' | 'name'>('sort', values.sort, ['size', 'name']),
      filter: values.filter,
      minimum,
    },
    depth: count('depth', values.depth),
    rows: count('rows', values.rows),
    mode: values.symbols ? 'symbols' : values.sections ? 'sections' : values.stack ? 'stack' : 'tree',
    ...(values.compare !== undefined && { compare: values.compare }),
    ...(values.who !== undefined && { who: values.who }),
    ...(values.disassemble !== undefined && { disassemble: values.disassemble }),
    ...(values.budgets !== undefined && { budgets: values.budgets }),
    sourceMap: Object.fromEntries(values['source-map'].map(prefixes)),
    json: values.json,
    cache: !values['no-cache'],
  };
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found === undefined) {
    throw new Error(`--${name} takes ${allowed.join(', ')}, not “${text}”.`);
  }
  return found;
}

function prefixes(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) {
    throw new Error(`--source-map takes FROM=TO, not “${text}”.`);
  }
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function count(name: string, text: string): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) === 0) {
    throw new Error(`--${name} takes a number from 1 on, not “${text}”.`);
  }
  return Number(text);
}
