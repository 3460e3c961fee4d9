import { beforeEach, expect, test } from 'vitest';
import type { ViewChangedEvent } from '../../debug-adapter/protocol.ts';
import { exampleThread } from './examples.ts';
import { ViewStore } from './store.ts';

let store: ViewStore<'threads'>;
beforeEach(() => {
  store = new ViewStore();
});

function event(sequence: number, parts: Partial<ViewChangedEvent<'threads'>>): ViewChangedEvent<'threads'> {
  return {
    subscription: 1,
    view: 'threads',
    sequence,
    running: true,
    quality: 'whole',
    guestTime: sequence * 1e6,
    notes: [],
    changed: [],
    removed: [],
    ...parts,
  };
}

const names = () => store.snapshot?.rows.map((row) => row.name);
const [a, b, c] = ['a', 'b', 'c'].map((name, index) => exampleThread({ key: index + 1, id: index + 1, name }));
if (!a || !b || !c) throw new Error('unreachable');

test('nothing is known before the first event', () => {
  expect(store.snapshot).toBeUndefined();
});

test('the first event has every row', () => {
  store.apply(event(1, { changed: [a, b, c] }));
  expect(names()).toEqual(['a', 'b', 'c']);
});

test('a changed row keeps its place, a new one is appended, a removed one goes', () => {
  store.apply(event(1, { changed: [a, b] }));
  store.apply(event(2, { removed: [1], changed: [{ ...b, name: 'b2' }, c] }));
  expect(names()).toEqual(['b2', 'c']);
});

test('a key that is removed and comes back in one event is a new row', () => {
  store.apply(event(1, { changed: [a, b] }));
  store.apply(event(2, { removed: [1], changed: [{ ...a, name: 'again' }] }));
  expect(names()).toEqual(['b', 'again']);
});

test('an order is taken; rows that it forgets stay, behind', () => {
  store.apply(event(1, { changed: [a, b, c] }));
  store.apply(event(2, { order: [3, 1, 99] }));
  expect(names()).toEqual(['c', 'a', 'b']);
});

test('an older event changes nothing', () => {
  store.apply(event(2, { changed: [a] }));
  expect(store.apply(event(1, { changed: [b], running: false }))).toBe(false);
  expect(names()).toEqual(['a']);
  expect(store.snapshot?.running).toBe(true);
});

test('the newest event says whether the guest runs, how whole the view is, and its notes', () => {
  store.apply(event(1, { changed: [a] }));
  store.apply(event(2, { running: false, quality: 'torn', notes: ['The list was cut at 100,000 threads.'] }));
  expect(store.snapshot).toMatchObject({ sequence: 2, running: false, quality: 'torn', guestTime: 2e6 });
  expect(store.snapshot?.notes).toEqual(['The list was cut at 100,000 threads.']);
});

test('after clear a new subscription starts at any sequence', () => {
  store.apply(event(9, { changed: [a] }));
  store.clear();
  expect(store.snapshot).toBeUndefined();
  store.apply(event(1, { changed: [b] }));
  expect(names()).toEqual(['b']);
});
