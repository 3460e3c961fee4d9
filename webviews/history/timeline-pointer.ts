/** The timeline by mouse: a click chooses, a drag moves in time, the wheel scrolls and zooms. */
import type { Camera } from './camera.ts';
import { GUTTER, OVERVIEW } from './timeline-paint.ts';

const ZOOM = 1.4;
/** Pixels that a pointer may move in a click. */
const STEADY = 3;

export interface PointerActions {
  click(event: MouseEvent): void;
  doubleClick(): void;
  hover(event: MouseEvent): void;
  leave(): void;
  /** By pixels, down. */
  scroll(distance: number): void;
  timeAt(x: number): number;
}

export function listenToPointer(canvas: HTMLCanvasElement, camera: Camera, actions: PointerActions): void {
  canvas.addEventListener('pointerdown', (event) => drag(canvas, camera, actions, event));
  canvas.addEventListener('mousemove', (event) => event.buttons === 0 && actions.hover(event));
  canvas.addEventListener('mouseleave', () => actions.leave());
  canvas.addEventListener('dblclick', () => actions.doubleClick());
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      wheel(canvas, camera, actions, event);
    },
    { passive: false },
  );
}

function room(canvas: HTMLCanvasElement): number {
  return Math.max(1, canvas.clientWidth - GUTTER);
}

function wheel(canvas: HTMLCanvasElement, camera: Camera, actions: PointerActions, event: WheelEvent): void {
  const { deltaX, deltaY } = event;
  if (event.ctrlKey || event.metaKey) {
    camera.zoom(deltaY > 0 ? ZOOM : 1 / ZOOM, actions.timeAt(event.offsetX));
  } else if (event.shiftKey || Math.abs(deltaX) > Math.abs(deltaY)) {
    camera.move((deltaX || deltaY) / room(canvas));
  } else {
    actions.scroll(deltaY);
  }
}

/** In the overview the picture goes where the pointer is. */
function drag(canvas: HTMLCanvasElement, camera: Camera, actions: PointerActions, down: PointerEvent): void {
  canvas.focus();
  canvas.setPointerCapture(down.pointerId);
  const start = camera.span;
  const isOverview = down.offsetY < OVERVIEW;
  const distance = (event: PointerEvent): number => down.offsetX - event.offsetX;
  const move = (event: PointerEvent): void => {
    if (isOverview) {
      camera.center((event.offsetX - GUTTER) / room(canvas));
    } else if (Math.abs(distance(event)) > STEADY) {
      camera.move(distance(event) / room(canvas), start);
    }
  };
  const up = (event: PointerEvent): void => {
    canvas.removeEventListener('pointermove', move);
    canvas.removeEventListener('pointerup', up);
    if (!isOverview && Math.abs(distance(event)) <= STEADY) {
      actions.click(event);
    }
  };
  canvas.addEventListener('pointermove', move);
  canvas.addEventListener('pointerup', up);
  if (isOverview) {
    move(down);
  }
}
