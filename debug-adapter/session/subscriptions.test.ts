import { expect, test } from 'vitest';
import type { ViewChangedEvent } from '../protocol.ts';
import type { Observation } from '../worker/observation.ts';
import { Subscriptions } from './subscriptions.ts';

type Listener = (event: ViewChangedEvent) => void;

/** The part of an observation that subscriptions use. */
class Source {
  readonly listeners = new Map<number, Listener>();
  fails = false;
  #next = 1;

  get observation(): Observation {
    return this as unknown as Observation;
  }

  async subscribe(_views: unknown, _rate: unknown, listener: Listener): Promise<number> {
    if (this.fails) {
      throw new Error('no views');
    }
    this.listeners.set(this.#next, listener);
    return this.#next++;
  }

  unsubscribe(id: number): void {
    this.listeners.delete(id);
  }

  tell(event: Partial<ViewChangedEvent>): void {
    for (const listener of this.listeners.values()) {
      listener({ ...HEADER, ...event });
    }
  }
}

const HEADER: ViewChangedEvent = {
  subscription: 77,
  view: 'timerSets',
  sequence: 5,
  running: true,
  quality: 'whole',
  guestTime: 0,
  notes: [],
  changed: [],
  removed: [],
};

const rows = (...keys: number[]): ViewChangedEvent['changed'] => keys.map((key) => ({ key })) as never;
function following(told: ViewChangedEvent[]): Subscriptions {
  return new Subscriptions({ viewChanged: (event) => void told.push(event), pagesChanged: () => undefined });
}

const REQUEST = { views: ['timerSets' as const], rate: 10 };

test('the client has its own numbers, and one count of snapshots for each view', async () => {
  const told: ViewChangedEvent[] = [];
  const source = new Source();
  const subscriptions = following(told);
  const id = await subscriptions.addViews(source.observation, REQUEST);
  source.tell({ changed: rows(1, 2) });
  source.tell({ removed: [1] });
  expect(told.map(({ subscription, sequence }) => [subscription, sequence])).toEqual([
    [id, 1],
    [id, 2],
  ]);
});

test('a new boot’s first rows come with the removal of all the old ones', async () => {
  const told: ViewChangedEvent[] = [];
  const [old, fresh] = [new Source(), new Source()];
  const subscriptions = following(told);
  const id = await subscriptions.addViews(old.observation, REQUEST);
  old.tell({ changed: rows(1, 2, 3) });
  old.tell({ removed: [2] });
  await subscriptions.move(fresh.observation);
  old.tell({ changed: rows(9) }); // too late
  fresh.tell({ changed: rows(1) });
  fresh.tell({ changed: rows(4) });
  expect(told.slice(2)).toMatchObject([
    { subscription: id, sequence: 3, removed: [1, 3], changed: [{ key: 1 }] },
    { subscription: id, sequence: 4, removed: [], changed: [{ key: 4 }] },
  ]);
});

test('one that is removed, or could not begin, is heard of no more', async () => {
  const told: ViewChangedEvent[] = [];
  const source = new Source();
  const subscriptions = following(told);
  const id = await subscriptions.addViews(source.observation, REQUEST);
  subscriptions.remove(id);
  expect(source.listeners.size).toBe(0);
  source.fails = true;
  await expect(subscriptions.addViews(source.observation, REQUEST)).rejects.toThrow('no views');
  source.fails = false;
  await subscriptions.move(source.observation);
  expect(source.listeners.size).toBe(0);
  expect(told).toEqual([]);
});

test('one that is removed while it moves to a new boot ends there too', async () => {
  const [old, fresh] = [new Source(), new Source()];
  const subscriptions = following([]);
  const id = await subscriptions.addViews(old.observation, REQUEST);
  const moved = subscriptions.move(fresh.observation);
  subscriptions.remove(id);
  await moved;
  expect(fresh.listeners.size).toBe(0);
});
