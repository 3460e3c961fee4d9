import { expect, test } from 'vitest';
import type { TimerSetRow, ViewChangedEvent } from '../protocol.ts';
import { LiveViews } from './live-views.ts';

const row = (cpu: number, armed: number): TimerSetRow => ({
  key: cpu,
  cpu,
  armed,
  fired: 0,
  last: 0,
  backwardSteps: 0,
  clamped: 0,
  timers: [],
});

const delta = (sequence: number, parts: Partial<ViewChangedEvent>): ViewChangedEvent => ({
  subscription: 1,
  view: 'timerSets',
  sequence,
  running: true,
  quality: 'whole',
  guestTime: sequence,
  notes: [],
  changed: [],
  removed: [],
  ...parts,
});

test('deltas add, replace, remove and reorder rows, and the header is the last one', () => {
  const views = new LiveViews();
  views.apply(delta(1, { changed: [row(0, 1), row(1, 1), row(2, 1)] }));
  views.apply(delta(2, { changed: [row(1, 9)], removed: [0] }));
  views.apply(delta(3, { order: [2, 1], quality: 'torn' }));
  const [snapshot] = views.snapshots();
  expect(snapshot).toMatchObject({
    view: 'timerSets',
    sequence: 3,
    quality: 'torn',
  });
  expect(snapshot?.rows).toEqual([row(2, 1), row(1, 9)]);
});
