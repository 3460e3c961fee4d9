/** The map of all pages: as the kernel's own records have it, as the malloc pools' view counts it, and only changes travel. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  formatAddress,
  type MallocPoolsRow,
  type PagesChangedEvent,
  type ViewSnapshot,
} from '../../debug-adapter/protocol.ts';
import { decodeRuns, PageMap } from '../../webviews/memory-pools/page-map.ts';
import { BUSY, BUSY_FUNCTION, Session, type Stopped } from './client.ts';

const PAGES = 'unikernel/pagesChanged';
/** Unchanged pages that may lie between two changes that travel as one. */
const MOST_BETWEEN = 4;
const PIECE = 1 << 20;

/** One record of the kernel's, decoded without the adapter's awareness. */
interface Truth {
  kind: string;
  objectSize?: number;
  filling?: number;
  cpu?: number;
}

/** Where gdb says that the kernel has its records. */
class Records {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async read(): Promise<Truth[]> {
    const size = await this.#number('sizeof(sprout::Page)');
    const count = await this.#number('sprout::g_pages.count');
    const bytes = await this.#bytes(await this.#number('sprout::g_pages.pages'), size * count);
    const at = {
      kind: await this.#offset('kind'),
      cpu: await this.#offset('cpu'),
      index: await this.#offset('index_in_block'),
      owner: await this.#offset('owner'),
      live: await this.#offset('live_objects'),
      capacity: await this.#offset('capacity'),
    };
    const pools = await this.#pools();
    const kinds = await this.#kinds();
    return Array.from({ length: count }, (_, frame): Truth => {
      const record = frame * size;
      const kind = kinds[bytes.readUInt8(record + at.kind)] ?? '?';
      const cpu = bytes.readUInt8(record + at.cpu);
      if (kind !== 'pool') {
        return kind === 'cached' && cpu !== 0xff ? { kind, cpu } : { kind };
      }
      const head = record - bytes.readUInt32LE(record + at.index) * size;
      const share = bytes.readUInt16LE(head + at.live) / bytes.readUInt16LE(head + at.capacity);
      const objectSize = pools.get(Number(bytes.readBigInt64LE(record + at.owner))) ?? -1;
      return { kind, objectSize, filling: Math.ceil(share * 7) };
    });
  }

  /** Object sizes by the pools' addresses. */
  async #pools(): Promise<Map<number, number>> {
    const base = await this.#number('&sprout::g_malloc_pools[0]');
    const size = await this.#number('sizeof(sprout::g_malloc_pools[0])');
    const count = await this.#number('sizeof(sprout::g_malloc_pools) / sizeof(sprout::g_malloc_pools[0])');
    const pools = new Map<number, number>();
    for (let index = 0; index < count; index++) {
      pools.set(base + index * size, await this.#number(`sprout::g_malloc_pools[${index}].object_size`));
    }
    return pools;
  }

  async #kinds(): Promise<string[]> {
    const kinds: string[] = [];
    for (let kind = 0; kind <= (await this.#number('(int)sprout::PageKind::kernel_data')); kind++) {
      const { result } = await this.#session.evaluate(`(sprout::PageKind)${kind}`);
      kinds.push(result.replace('sprout::PageKind::', ''));
    }
    return kinds;
  }

  #offset(member: string): Promise<number> {
    return this.#number(`&((sprout::Page *)0)->${member}`);
  }

  async #number(expression: string): Promise<number> {
    return Number((await this.#session.evaluate(`(long)(${expression})`)).result);
  }

  async #bytes(address: number, length: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let from = 0; from < length; from += PIECE) {
      const memory = { memoryReference: formatAddress(address + from), count: Math.min(PIECE, length - from) };
      const { data } = await this.#session.request<{ data: string }>('readMemory', memory);
      pieces.push(Buffer.from(data, 'base64'));
    }
    return Buffer.concat(pieces);
  }
}

function counted<T>(of: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const one of of) {
    counts.set(one, (counts.get(one) ?? 0) + 1);
  }
  return counts;
}

/** A new subscription and the map that its first event tells. */
async function subscribed(session: Session): Promise<{ subscription: number; first: PagesChangedEvent; map: PageMap }> {
  const { subscription } = await session.custom('unikernel/subscribePages', { rate: 20 });
  const first = await eventOf(session, subscription);
  const map = new PageMap();
  map.apply(first);
  return { subscription, first, map };
}

function eventOf(session: Session, subscription: number): Promise<PagesChangedEvent> {
  return session.event<PagesChangedEvent>(PAGES, (event) => event.subscription === subscription);
}

function statesOf(map: PageMap): Truth[] {
  return Array.from({ length: map.pages.length }, (_, frame) => map.state(frame));
}

describe('a busy guest on two CPUs', () => {
  let session: Session;
  let stop: Stopped;

  beforeAll(async () => {
    session = Session.start();
    stop = await session.launchTo(BUSY_FUNCTION, { cpus: 2 });
    await session.breakAt();
  });
  afterAll(() => session.end());

  test('at a stop each page is what its record says, and as many as the malloc pools’ view counts', async () => {
    const { subscription, first, map } = await subscribed(session);
    expect(first).toMatchObject({ sequence: 1, running: false, total: map.pages.length });
    const states = statesOf(map);
    expect(states).toEqual(await new Records(session).read());

    const { rows, quality } = (await session.custom('unikernel/view', {
      view: 'mallocPools',
    })) as ViewSnapshot<'mallocPools'>;
    expect(quality).toBe('whole');
    const of = <K extends MallocPoolsRow['kind']>(kind: K): Extract<MallocPoolsRow, { kind: K }>[] =>
      rows.filter((row): row is Extract<MallocPoolsRow, { kind: K }> => row.kind === kind);
    const { absent = 0, ...byKind } = Object.fromEntries(counted(states.map(({ kind }) => kind)));
    expect(of('ram')).toMatchObject([{ totalPages: map.pages.length - absent, byKind }]);
    const classes = of('class').filter(({ slabs }) => slabs > 0);
    expect(classes.length).toBeGreaterThan(5);
    expect(counted(states.flatMap(({ objectSize }) => (objectSize === undefined ? [] : [objectSize])))).toEqual(
      new Map(classes.map(({ objectSize, slabs, pagesPerSlab }) => [objectSize, slabs * pagesPerSlab])),
    );
    const freePages = of('freeRange').reduce((sum, { order, blocks }) => sum + blocks * 2 ** order, 0);
    expect(freePages).toBe(byKind.free);
    const cached = counted(states.flatMap((state) => (state.kind === 'cached' ? [state.cpu] : [])));
    for (const { cpu, pages } of of('pagePool')) {
      expect([cpu, cached.get(cpu) ?? 0]).toEqual([cpu, pages]);
    }
    await session.custom('unikernel/unsubscribe', { subscription });
  });

  test('of a guest that runs only changes travel, and they lead to what a full reading tells', async () => {
    const { subscription, first, map } = await subscribed(session);
    await session.request('continue', { threadId: stop.threadId });
    let sequence = first.sequence;
    let travelled = 0;
    const follow = (event: PagesChangedEvent): void => {
      expect(event).toMatchObject({ sequence: ++sequence, total: map.pages.length });
      expect([event.kinds, event.base, event.classes]).toEqual([undefined, undefined, undefined]);
      for (const { start, pages } of decodeRuns(event.runs)) {
        const changes = [...pages].map((page, index) => page !== map.pages[start + index]);
        expect([changes.at(0), changes.at(-1)]).toEqual([true, true]);
        const unchanged = changes
          .map((change) => (change ? 'x' : '-'))
          .join('')
          .split('x');
        expect(Math.max(...unchanged.map(({ length }) => length))).toBeLessThanOrEqual(MOST_BETWEEN);
        travelled += pages.length;
      }
      map.apply(event);
    };
    for (let events = 0; events < 30; events++) {
      follow(await eventOf(session, subscription));
    }
    expect(travelled).toBeGreaterThan(0);
    expect(travelled / 30).toBeLessThan(map.pages.length / 100);

    stop = await session.run('pause', stop.threadId);
    const fresh = await subscribed(session);
    while (Buffer.compare(bytesOf(map), bytesOf(fresh.map)) !== 0) {
      follow(await eventOf(session, subscription));
    }
    expect([...map.counts]).toEqual([...fresh.map.counts]);
    expect(statesOf(fresh.map)).toEqual(await new Records(session).read());
    await session.custom('unikernel/unsubscribe', { subscription });
    await session.custom('unikernel/unsubscribe', { subscription: fresh.subscription });
  });
});

function bytesOf({ pages }: PageMap): Uint8Array {
  return new Uint8Array(pages.buffer, pages.byteOffset, pages.byteLength);
}

test('who looks before the guest has pools hears their classes later', async () => {
  const session = Session.start();
  let stop = await session.launchTo('sprout::malloc_initialize', { commandLine: BUSY });
  const { subscription, first, map } = await subscribed(session);
  expect(new Set(first.classes)).toEqual(new Set([0]));
  expect(statesOf(map).some(({ kind }) => kind === 'pool')).toBe(false);
  await session.breakAt({ name: BUSY_FUNCTION });
  stop = await session.run('continue', stop.threadId);
  expect(stop.reason).toMatch(/breakpoint/);
  const truth = await new Records(session).read();
  while (JSON.stringify(statesOf(map)) !== JSON.stringify(truth)) {
    map.apply(await eventOf(session, subscription));
  }
  expect(truth.filter(({ kind }) => kind === 'pool').length).toBeGreaterThan(5);
  expect(Math.min(...map.classes)).toBeGreaterThan(0);
  await session.end();
});
