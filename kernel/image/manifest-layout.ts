/** Where a manifest's entries come to stand in the guest. Pure. */
import type { EntryLine, Manifest } from './manifest.ts';

/** An entry with its paths. */
export interface Placed {
  /** From 0. */
  line: number;
  entry: EntryLine;
  /** The normalised guest path (see `guestPath`); of a tree, the folder. */
  guest: string;
  /** The host's path as written, with `&` resolved and its variables still in it; of a tree, the folder; of a link, its target. */
  host: string;
}

export interface Layout {
  /** In the manifest's order; entries without a guest path are left out. */
  placed: readonly Placed[];
  /** Entries that are neither trees nor overridden: the last one of each guest path. */
  winners: ReadonlyMap<string, Placed>;
  /** Earlier entries whose guest path a later one takes, with that later one. */
  replaced: ReadonlyMap<Placed, Placed>;
  /** `**` entries by their guest folder. */
  trees: ReadonlyMap<string, readonly Placed[]>;
}

/**
 * An absolute guest path: one slash between names, `.` and `..` resolved, no slash at the end. What has no leading slash starts at
 * the root, as the image tools do. The root is `/`.
 */
export function guestPath(text: string): string {
  if (isPlain(text)) {
    return text;
  }
  const names: string[] = [];
  for (const name of text.split('/')) {
    if (name === '..') {
      names.pop();
    } else if (name !== '' && name !== '.') {
      names.push(name);
    }
  }
  return `/${names.join('/')}`;
}

function isPlain(text: string): boolean {
  return text.startsWith('/') && !text.includes('//') && !text.includes('/.') && !text.endsWith('/');
}

/** The folder of a guest path; the root's is the root. */
export function guestFolder(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

/** The guest path to which a link at `link` leads in one step. */
export function linkTarget(link: string, target: string): string {
  return guestPath(target.startsWith('/') ? target : `${guestFolder(link)}/${target}`);
}

/** Where an entry stands; undefined when it names no guest path. */
export function place(entry: EntryLine, line: number): Placed | undefined {
  const guest = entry.guest.text;
  if (guest === '') {
    return undefined;
  }
  const host = entry.path.text;
  if (entry.wildcard === 'tree') {
    return { line, entry, guest: guestPath(guest.slice(0, -2)), host: host.slice(0, -3) || '/' };
  }
  if (entry.wildcard === 'base') {
    const at = guest.indexOf('/&/');
    const suffix = guest.slice(at + 3);
    return { line, entry, guest: guestPath(`${guest.slice(0, at)}/${suffix}`), host: host.slice(0, -1) + suffix };
  }
  return { line, entry, guest: guestPath(guest), host };
}

export function layOut(manifest: Manifest): Layout {
  const placed: Placed[] = [];
  const winners = new Map<string, Placed>();
  const replaced = new Map<Placed, Placed>();
  const trees = new Map<string, Placed[]>();
  manifest.lines.forEach((line, number) => {
    const one = line.kind === 'entry' ? place(line, number) : undefined;
    if (!one) {
      return;
    }
    placed.push(one);
    if (one.entry.wildcard === 'tree') {
      const others = trees.get(one.guest);
      if (others) {
        others.push(one);
      } else {
        trees.set(one.guest, [one]);
      }
      return;
    }
    const earlier = winners.get(one.guest);
    if (earlier) {
      replaced.set(earlier, one);
    }
    winners.set(one.guest, one);
  });
  return { placed, winners, replaced, trees };
}

/** The trees that can hold `path`, with what is left of it below each tree's folder. */
export function* treesAbove(layout: Layout, path: string): Generator<{ tree: Placed; below: string }> {
  if (layout.trees.size === 0) {
    return;
  }
  for (let folder = guestFolder(path); ; folder = guestFolder(folder)) {
    for (const tree of layout.trees.get(folder) ?? []) {
      yield { tree, below: path.slice(folder === '/' ? 1 : folder.length + 1) };
    }
    if (folder === '/') {
      return;
    }
  }
}

/** Replaces the variables of a right side, and `%%`. Undefined when one of them has no value. */
export function expandHost(text: string, value: (name: string) => string | undefined): string | undefined {
  if (!text.includes('$') && !text.includes('%')) {
    return text;
  }
  let isKnown = true;
  const expanded = text.replace(
    /\$\{([^}]*)\}|%\(([^)]*)\)s|%%/g,
    (all, module: string | undefined, define: string | undefined) => {
      if (all === '%%') {
        return '%';
      }
      const found = value(module ?? define ?? '');
      isKnown &&= found !== undefined;
      return found ?? '';
    },
  );
  return isKnown ? expanded : undefined;
}
