/** What the page says, in words: for the status line and for screen readers. Pure. */
import * as l10n from '@vscode/l10n';
import type { Identification } from '../../debug-adapter/protocol.ts';
import { formatBytes, formatDuration } from '../../debug-adapter/units.ts';
import type { ShowState } from './messages.ts';
import type { PageState } from './page-map.ts';
import { stateOf } from './page-map.ts';

export const PAGE_SIZE = 4096;
const FULL = 7;

/** `12,345`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 page`, `12,345 pages`. */
export function pageCount(count: number): string {
  return count === 1 ? l10n.t('1 page') : l10n.t('{0} pages', grouped(count));
}

/** By what the kernel calls them. */
const KIND_NAMES: Readonly<Record<string, () => string>> = {
  absent: () => l10n.t('absent'),
  reserved: () => l10n.t('reserved'),
  free: () => l10n.t('free'),
  image: () => l10n.t('image'),
  boot_module: () => l10n.t('boot module'),
  arena: () => l10n.t('arena'),
  metadata: () => l10n.t('metadata'),
  kernel_data: () => l10n.t('kernel data'),
  used: () => l10n.t('used'),
  cached: () => l10n.t('cached'),
  pool: () => l10n.t('pool'),
  large: () => l10n.t('large'),
  stack: () => l10n.t('stack'),
  page_table: () => l10n.t('page table'),
  file: () => l10n.t('file'),
};

/** A kind that is not known is called what the kernel calls it. */
export function kindName(kind: string): string {
  return KIND_NAMES[kind]?.() ?? kind.replaceAll('_', ' ');
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
  const where = l10n.t('page {0} at physical {1}', grouped(frame), `0x${(frame * PAGE_SIZE).toString(16)}`);
  return `${where}: ${state.objectSize === undefined ? plainWords(state) : slabWords(state.objectSize, state.filling)}`;
}

function slabWords(objectSize: number, filling: number | undefined): string {
  const size = formatBytes(objectSize);
  switch (filling) {
    case FULL:
      return l10n.t('pool of {0} objects, slab full', size);
    case 0:
      return l10n.t('pool of {0} objects, slab empty', size);
    default:
      return l10n.t('pool of {0} objects, slab {1} full', size, `${filling}/7`);
  }
}

/** What lies there, whose, and since when. */
export function identityWords(found: Identification, guestTime: number): string {
  if (!found.allocation) {
    return found.description;
  }
  return l10n.t('{0}, {1} ago', found.description, formatDuration(Math.max(0, guestTime - found.allocation.time)));
}

/** A use as Uses gives it: `pool of 96 B`, `stack`, `cached, L2`. */
export function useWords(use: number, kinds: readonly string[], classes: readonly number[]): string {
  const state = stateOf(use, kinds, classes);
  return state.objectSize === undefined ? plainWords(state) : l10n.t('pool of {0}', formatBytes(state.objectSize));
}

/** A kind; of a cached page also in whose pool. */
function plainWords({ kind, cpu }: PageState): string {
  if (kind !== 'cached') {
    return kindName(kind);
  }
  return cpu === undefined ? l10n.t('cached, L2') : l10n.t('cached, L1 of CPU {0}', cpu);
}

/** Of the session. */
export function stateName(state: ShowState['state']): string {
  switch (state) {
    case 'live':
      return l10n.t('live');
    case 'stopped':
      return l10n.t('stopped');
    case 'ended':
      return l10n.t('ended');
  }
}

/** `12 s ago`, `2 min 5 s ago`; `now`. */
export function agoWords(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 1) {
    return l10n.t('now');
  }
  return l10n.t('{0} ago', seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`);
}
