/** Words that the rows of several views share, in the user's language. Pure. */
import * as l10n from '@vscode/l10n';
import type { ThreadStateName, VnodeLockRow } from '../../debug-adapter/protocol.ts';
import { formatCount } from './node.ts';

/** `1,234 times`. */
export function times(count: number): string {
  return count === 1 ? l10n.t('1 time') : l10n.t('{0} times', formatCount(count));
}

export function threads(count: number): string {
  return count === 1 ? l10n.t('1 thread') : l10n.t('{0} threads', formatCount(count));
}

export function slabs(count: number): string {
  return count === 1 ? l10n.t('1 slab') : l10n.t('{0} slabs', formatCount(count));
}

export function pageCount(count: number): string {
  return count === 1 ? l10n.t('1 page') : l10n.t('{0} pages', formatCount(count));
}

/** How a lock is held or wanted. */
export function modeName(mode: VnodeLockRow['mode']): string {
  switch (mode) {
    case 'free':
      return l10n.t('free');
    case 'shared':
      return l10n.t('shared');
    case 'exclusive':
      return l10n.t('exclusive');
  }
}

export function stateName(state: ThreadStateName): string {
  switch (state) {
    case 'created':
      return l10n.t('created');
    case 'ready':
      return l10n.t('ready');
    case 'running':
      return l10n.t('running');
    case 'waiting':
      return l10n.t('waiting');
    case 'finished':
      return l10n.t('finished');
  }
}
