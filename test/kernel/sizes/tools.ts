/** What binutils say of a file: the other witness of the sizes tests. */
import { execFileSync } from 'node:child_process';

function run(program: string, parameters: string[]): string {
  return execFileSync(program, parameters, {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

export interface WitnessSymbol {
  address: bigint;
  size: bigint;
  type: string;
  name: string;
}

/** Symbols with a size, by `nm -S`; of a stripped file those that it exports. */
export function nmSymbols(path: string): WitnessSymbol[] {
  const read = (parameters: string[]): WitnessSymbol[] =>
    run('nm', ['-S', ...parameters, path])
      .split('\n')
      .flatMap((line) => {
        const match = /^([0-9a-f]{16}) ([0-9a-f]{16}) (\S) (.*)$/.exec(line);
        return match
          ? [
              {
                address: BigInt(`0x${match[1]}`),
                size: BigInt(`0x${match[2]}`),
                type: match[3] ?? '',
                name: match[4] ?? '',
              },
            ]
          : [];
      });
  const all = read([]);
  return all.length > 0 ? all : read(['-D']);
}

/** Bytes that the symbols cover, each once. */
export function covered(symbols: readonly WitnessSymbol[]): bigint {
  let sum = 0n;
  let reached = 0n;
  for (const { address, size } of symbols.toSorted((a, b) =>
    a.address < b.address ? -1 : a.address > b.address ? 1 : 0,
  )) {
    const from = address > reached ? address : reached;
    const to = address + size;
    if (to > from) {
      sum += to - from;
      reached = to;
    }
  }
  return sum;
}

/** Name, size and address of each section, by `size -A`, in the file's order. */
export function sizeSections(path: string): { name: string; size: number; address: bigint }[] {
  return run('size', ['-A', path])
    .split('\n')
    .flatMap((line) => {
      const match = /^(\S+)\s+(\d+)\s+(\d+)$/.exec(line);
      return match ? [{ name: match[1] ?? '', size: Number(match[2]), address: BigInt(match[3] ?? 0) }] : [];
    });
}

/** Sum of the loadable segments, by `readelf -lW`. */
export function loadedBytes(path: string): number {
  const sizes = run('readelf', ['-lW', path]).matchAll(/^\s+LOAD\s+(?:0x[0-9a-f]+\s+){4}(0x[0-9a-f]+)/gm);
  return [...sizes].reduce((sum, match) => sum + Number(match[1]), 0);
}

/** Names by `c++filt`, in the order given. */
export function filtNames(names: readonly string[]): string[] {
  const text = execFileSync('c++filt', { input: names.join('\n'), encoding: 'utf8', maxBuffer: 1 << 30 });
  return text.trimEnd().split('\n');
}
