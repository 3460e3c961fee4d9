import { expect, test } from 'vitest';
import { Camera } from './camera.ts';

const SECOND = 1e9;

function cameraOn(begin: number, end: number): Camera {
  const camera = new Camera(() => undefined);
  camera.grow({ begin, end });
  return camera;
}

test('shows the last second at first, and follows the guest', () => {
  const camera = cameraOn(0, 5 * SECOND);
  expect(camera.span).toEqual({ begin: 4 * SECOND, end: 5 * SECOND });
  camera.grow({ begin: 0, end: 6 * SECOND });
  expect(camera.span).toEqual({ begin: 5 * SECOND, end: 6 * SECOND });
});

test('stays where somebody looks, until they go to the end', () => {
  const camera = cameraOn(0, 5 * SECOND);
  camera.move(-2);
  const { span } = camera;
  camera.grow({ begin: 0, end: 7 * SECOND });
  expect(camera.span).toEqual(span);
  camera.latest();
  camera.grow({ begin: 0, end: 8 * SECOND });
  expect(camera.span.end).toBe(8 * SECOND);
});

test('zooms around what is in sight', () => {
  const camera = cameraOn(0, 4 * SECOND);
  camera.all();
  camera.zoom(0.5, SECOND);
  expect(camera.span).toEqual({ begin: 0.5 * SECOND, end: 2.5 * SECOND });
  // What is out of sight is no anchor.
  camera.zoom(0.5, 3.5 * SECOND);
  expect(camera.span).toEqual({ begin: SECOND, end: 2 * SECOND });
});

test('reveals what is out of sight, and leaves the rest alone', () => {
  const camera = cameraOn(0, 5 * SECOND);
  camera.reveal({ begin: 4.2 * SECOND, end: 4.3 * SECOND });
  expect(camera.span.begin).toBe(4 * SECOND);
  camera.reveal({ begin: SECOND, end: 1.2 * SECOND });
  expect(camera.span).toEqual({ begin: 0.6 * SECOND, end: 1.6 * SECOND });
  camera.fill({ begin: 2 * SECOND, end: 3 * SECOND });
  expect(camera.span).toEqual({ begin: 1.75 * SECOND, end: 3.25 * SECOND });
});

test('another guest begins anew', () => {
  const camera = cameraOn(0, 5 * SECOND);
  camera.move(-2);
  camera.reset();
  camera.grow({ begin: 0, end: 3 * SECOND });
  expect(camera.span).toEqual({ begin: 2 * SECOND, end: 3 * SECOND });
});

test('tells of each move', () => {
  let moves = 0;
  const camera = new Camera(() => moves++);
  camera.grow({ begin: 0, end: SECOND });
  camera.center(0);
  expect(moves).toBe(2);
});
