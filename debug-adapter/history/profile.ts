/** Samples put together: by stack, as a tree for a flame graph, and in the formats of other tools. */
import type { ProfilePlace, ProfileReading, ProfileStack } from '../kernels/model.ts';

/** Samples of one guest since it was first asked, or since `clear`. */
export class Profile {
  readonly places: ProfilePlace[] = [];
  readonly stacks: ProfileStack[] = [];
  readonly threads = new Map<number, string>();
  readonly #placeByText = new Map<string, number>();
  readonly #stackByKey = new Map<string, ProfileStack>();
  #next: number[] = [];
  #lastTime = 0;
  /** Samples a second of each CPU. */
  rate = 0;
  total = 0;
  lost = 0;

  /** What to ask for next: ProfileRequest.after. */
  get after(): number[] {
    return [...this.#next];
  }

  add(reading: ProfileReading): void {
    if (reading.guestTime < this.#lastTime || reading.cpus.some(({ cpu, next }) => next < (this.#next[cpu] ?? 0))) {
      this.clear();
    }
    const isFirst = this.#next.length === 0;
    this.#lastTime = reading.guestTime;
    this.rate = reading.rate;
    for (const [id, name] of Object.entries(reading.threads)) {
      this.threads.set(Number(id), name);
    }
    for (const { cpu, next, lost } of reading.cpus) {
      this.#next[cpu] = next;
      // What was overwritten before anybody asked is not missed.
      this.lost += isFirst ? 0 : lost;
    }
    const places = reading.places.map((place) => this.#place(place));
    for (const stack of reading.stacks) {
      this.#add({ ...stack, frames: stack.frames.map((frame) => places[frame] as number) });
    }
  }

  /** Forgets the samples, not how far they were read. */
  reset(): void {
    this.stacks.length = 0;
    this.#stackByKey.clear();
    this.total = 0;
    this.lost = 0;
  }

  /** Forgets everything. */
  clear(): void {
    this.reset();
    this.places.length = 0;
    this.#placeByText.clear();
    this.threads.clear();
    this.#next = [];
  }

  #add(stack: ProfileStack): void {
    this.total += stack.count;
    const key = `${stack.cpu} ${stack.thread} ${stack.frames.join(' ')}`;
    const known = this.#stackByKey.get(key);
    if (known) {
      known.count += stack.count;
    } else {
      this.#stackByKey.set(key, stack);
      this.stacks.push(stack);
    }
  }

  #place(place: ProfilePlace): number {
    const text = `${place.name}\n${place.file}\n${place.line}`;
    let index = this.#placeByText.get(text);
    if (index === undefined) {
      index = this.places.push(place) - 1;
      this.#placeByText.set(text, index);
    }
    return index;
  }
}

/** A function as it was called from one place of the tree. */
export interface FlameNode {
  name: string;
  /** Samples in it and in what it called. */
  total: number;
  /** Samples in it alone. */
  self: number;
  /** Where most of them were. */
  place: ProfilePlace;
  /** By name, so that pictures of two moments look alike. */
  children: FlameNode[];
}

interface FlameOptions {
  /** Whether a stack counts. Default: each does. */
  includes?: (stack: ProfileStack) => boolean;
  /** One level more, below the root: by thread. */
  byThread?: boolean;
}

interface Growing extends FlameNode {
  byName: Map<string, Growing>;
  lines: Map<ProfilePlace, number>;
}

/** Callers below, callees above: the children of `all`. */
export function flameTree(profile: Profile, { includes = () => true, byThread = false }: FlameOptions = {}): FlameNode {
  const root = grow({ name: 'all' });
  for (const stack of profile.stacks) {
    if (!includes(stack)) {
      continue;
    }
    root.total += stack.count;
    let node = root;
    if (byThread) {
      node = descend(node, { name: profile.threads.get(stack.thread) ?? `thread ${stack.thread}` }, stack.count);
    }
    for (let depth = stack.frames.length - 1; depth >= 0; depth--) {
      const place = profile.places[stack.frames[depth] as number];
      if (place) {
        node = descend(node, place, stack.count);
      }
    }
    node.self += stack.count;
  }
  return settled(root);
}

function grow(place: ProfilePlace): Growing {
  return { name: place.name, total: 0, self: 0, place, children: [], byName: new Map(), lines: new Map() };
}

function descend(parent: Growing, place: ProfilePlace, count: number): Growing {
  const child = parent.byName.get(place.name) ?? grow(place);
  parent.byName.set(place.name, child);
  child.total += count;
  child.lines.set(place, (child.lines.get(place) ?? 0) + count);
  return child;
}

function settled({ name, total, self, place, byName, lines }: Growing): FlameNode {
  const most = [...lines].sort(([, a], [, b]) => b - a)[0]?.[0] ?? place;
  const children = [...byName.values()].map(settled).sort((a, b) => (a.name < b.name ? -1 : 1));
  return { name, total, self, place: most, children };
}

/** One line a stack, outermost first, as flamegraph.pl and speedscope read it: `main;run;write 12`. */
export function collapsedStacks(profile: Profile, includes: (stack: ProfileStack) => boolean = () => true): string {
  const counts = new Map<string, number>();
  for (const stack of profile.stacks) {
    if (includes(stack)) {
      const thread = profile.threads.get(stack.thread) ?? `thread ${stack.thread}`;
      const frames = stack.frames.map((frame) => profile.places[frame]?.name ?? '?').reverse();
      const line = [thread, ...frames].map((name) => name.replaceAll(/[;\n]/g, ',')).join(';');
      counts.set(line, (counts.get(line) ?? 0) + stack.count);
    }
  }
  return [...counts]
    .sort()
    .map(([line, count]) => `${line} ${count}\n`)
    .join('');
}

/** V8's format, which VS Code opens as a table and as a flame graph. */
export interface CpuProfile {
  nodes: {
    id: number;
    callFrame: { functionName: string; scriptId: string; url: string; lineNumber: number; columnNumber: number };
    hitCount: number;
    children: number[];
  }[];
  /** Microseconds. */
  startTime: number;
  endTime: number;
  /** Ids of nodes, one a sample. */
  samples: number[];
  timeDeltas: number[];
}

/** Samples have lost their order: those of one stack stand together. */
export function cpuProfile(root: FlameNode, rate: number): CpuProfile {
  const between = Math.round(1e6 / Math.max(rate, 1));
  const nodes: CpuProfile['nodes'] = [];
  const samples: number[] = [];
  const add = (node: FlameNode, isRoot: boolean): number => {
    const id = nodes.length + 1;
    const { file, line } = node.place;
    const entry = {
      id,
      callFrame: {
        functionName: isRoot ? '(root)' : node.name,
        scriptId: '0',
        url: file === undefined ? '' : `file://${file}`,
        lineNumber: (line ?? 1) - 1,
        columnNumber: 0,
      },
      hitCount: node.self,
      children: [] as number[],
    };
    nodes.push(entry);
    for (let count = 0; count < node.self; count++) {
      samples.push(id);
    }
    entry.children = node.children.map((child) => add(child, false));
    return id;
  };
  add(root, true);
  return {
    nodes,
    startTime: 0,
    endTime: samples.length * between,
    samples,
    timeDeltas: samples.map(() => between),
  };
}
