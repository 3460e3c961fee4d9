/** Where an address lies in a program. */
export interface SymbolPlace {
  /** Of a function or a variable, as people write it. */
  symbol: string;
  /** Bytes from its beginning. */
  offset: number;
  /** As the debug information has it, with the session's source map applied. */
  file?: string;
  /** Counts from 1. */
  line?: number;
}

/** `symbol+0x12 (/path/file.cc:29)` */
export function placeText({ symbol, offset, file, line }: SymbolPlace): string {
  const name = offset === 0 ? symbol : `${symbol}+0x${offset.toString(16)}`;
  return file === undefined ? name : `${name} (${file}:${line})`;
}

/** Replaces the longest prefix of a path that `map` has. */
export function mappedPath(path: string, map: Readonly<Record<string, string>>): string {
  const [from, to] =
    Object.entries(map)
      .filter(([prefix]) => path.startsWith(prefix))
      .sort(([a], [b]) => b.length - a.length)[0] ?? [];
  return from === undefined || to === undefined ? path : to + path.slice(from.length);
}
