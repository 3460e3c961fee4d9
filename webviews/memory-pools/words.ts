/** What the page says, in words: for the status line and for screen readers. */
import type { Identification } from '../../debug-adapter/protocol.ts';
import { formatBytes, formatDuration } from '../../debug-adapter/units.ts';
import type { PageState } from './page-map.ts';
import { stateOf } from './page-map.ts';

export const PAGE_SIZE = 4096;
const FULL = 7;

/** `12,345`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

export function kindName(kind: string): string {
  return kind.replaceAll('_', ' ');
}

/** A mark for a kind, beside its colour: `F` of `free`, `PT` of `page_table`. */
export function kindLetters(kind: string): string {
  return kind
    .split('_')
    .map((word) => word.charAt(0).toUpperCase())
    .join('');
}

/** `page 1234 at 0x4d2000: pool of 96 B, about 3/7 full`. */
export function pageWords(frame: number, state: PageState): string {
  const where = `page ${grouped(frame)} at physical 0x${(frame * PAGE_SIZE).toString(16)}`;
  if (state.objectSize !== undefined) {
    const filling = state.filling === FULL ? 'full' : state.filling === 0 ? 'empty' : `${state.filling}/7 full`;
    return `${where}: pool of ${formatBytes(state.objectSize)} objects, slab ${filling}`;
  }
  return `${where}: ${kindName(state.kind)}${levelWords(state)}`;
}

/** What lies there, whose, and since when. */
export function identityWords(found: Identification, guestTime: number): string {
  const age = found.allocation ? `, ${formatDuration(Math.max(0, guestTime - found.allocation.time))} ago` : '';
  return `${found.description}${age}`;
}

/** A use as Uses gives it: `pool of 96 B`, `stack`, `cached, L2`. */
export function useWords(use: number, kinds: readonly string[], classes: readonly number[]): string {
  const state = stateOf(use, kinds, classes);
  return state.objectSize === undefined
    ? `${kindName(state.kind)}${levelWords(state)}`
    : `pool of ${formatBytes(state.objectSize)}`;
}

/** Of a cached page: in whose pool. */
function levelWords({ kind, cpu }: PageState): string {
  return kind === 'cached' ? (cpu === undefined ? ', L2' : `, L1 of CPU ${cpu}`) : '';
}

/** `12 s ago`, `2 min 5 s ago`; `now`. */
export function agoWords(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 1) {
    return 'now';
  }
  return seconds < 60 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ${seconds % 60} s ago`;
}
