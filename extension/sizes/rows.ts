/** How the symbol-size tree's rows read, in the user's language. Pure, so that it is tested without a window. */
import * as l10n from '@vscode/l10n';
import { PREVIOUS_BUILD, type Row, type Summary } from '../../debug-adapter/elf/sizes/messages.ts';
import { isSymbol, type SizeItem } from '../../debug-adapter/elf/sizes/model.ts';
import { bareName, splitName } from '../../debug-adapter/elf/sizes/names.ts';
import { type Grouping, sourceOf, type TreeQuery } from '../../debug-adapter/elf/sizes/tree.ts';
import { formatBytes } from '../../debug-adapter/units.ts';
import { escapeMarkdown, factTable, formatCount } from '../views/node.ts';

/** What a row shows beside its label. */
export interface RowText {
  description: string;
  /** A codicon. */
  icon: string;
  /** A theme colour of the icon; undefined for the usual one. */
  color?: string;
  /** For menus. */
  context: string;
  /** For screen readers. */
  spoken: string;
}

/** Translated when they are shown, as all texts here. */
export function groupingNames(): Record<Grouping, string> {
  return {
    source: l10n.t('folder and file'),
    section: l10n.t('section'),
    name: l10n.t('namespace, class and template'),
  };
}

const ICONS: Record<Row['role'], string> = {
  root: 'file-binary',
  folder: 'folder',
  file: 'file-code',
  section: 'symbol-structure',
  namespace: 'symbol-namespace',
  template: 'symbol-type-parameter',
  group: 'archive',
  symbol: 'symbol-misc',
  rest: 'ellipsis',
};
const ITEM_ICONS: Partial<Record<string, string>> = {
  function: 'symbol-method',
  label: 'symbol-key',
  object: 'symbol-variable',
  padding: 'dash',
  debug: 'bug',
};
const CHANGES = {
  grew: { icon: 'arrow-up', color: 'charts.red' },
  shrank: { icon: 'arrow-down', color: 'charts.green' },
  new: { icon: 'diff-added', color: 'charts.red' },
  gone: { icon: 'diff-removed', color: 'charts.green' },
  same: { icon: 'dash', color: 'descriptionForeground' },
} as const;

/** `12 KiB`; in a comparison `+12 KiB`. */
export function sizeText(bytes: number, isChange: boolean): string {
  const sign = bytes < 0 ? '−' : isChange && bytes > 0 ? '+' : '';
  return `${sign}${formatBytes(Math.abs(bytes))}`;
}

/** Memory and file side by side; once where they are equal. `share` stands between. */
export function bothSizes(row: { memoryBytes: number; fileBytes: number }, isChange: boolean, share = ''): string {
  const file = row.memoryBytes === row.fileBytes ? '' : ` · ${l10n.t('file {0}', sizeText(row.fileBytes, isChange))}`;
  return `${sizeText(row.memoryBytes, isChange)}${share}${file}`;
}

/** A folder or file of the user's workspace, begun with the workspace folder's name: what lies above it says nothing to them. */
export function homeLabel(label: string, folders: readonly { name: string; path: string }[]): string {
  const home = folders.find(({ path }) => label === path || label.startsWith(`${path}/`));
  return home ? home.name + label.slice(home.path.length) : label;
}

/** What a symbol is called in a narrow tree: without parameters, which the hover has. By name, its scopes stand above it already. */
export function symbolLabel(item: SizeItem, grouping: Grouping): string {
  if (!isSymbol(item)) {
    return item.name;
  }
  const name = grouping === 'name' ? splitName(item.name).leaf : item.name;
  return bareName(name) || name;
}

export function rowText(row: Row, summary: Summary, query: TreeQuery): RowText {
  const isChange = summary.before !== undefined;
  const total = query.measure === 'file' ? summary.fileBytes : summary.memoryBytes;
  const bytes = query.measure === 'file' ? row.fileBytes : row.memoryBytes;
  const share = isChange || total === 0 || bytes === 0 ? '' : ` · ${((100 * bytes) / total).toFixed(1)}%`;
  const change = row.change && row.item ? CHANGES[row.change] : undefined;
  const came = row.change === 'new' ? l10n.t('new') : row.change === 'gone' ? l10n.t('gone') : '';
  const description = `${bothSizes(row, isChange, share)}${came && ` · ${came}`}`;
  return {
    description,
    icon: change?.icon ?? (row.item ? (ITEM_ICONS[row.item.kind] ?? 'circle-small') : ICONS[row.role]),
    ...(change && { color: change.color }),
    context: contextOf(row),
    spoken: [
      row.label,
      description,
      ...(row.hasChildren
        ? [row.symbols === 1 ? l10n.t('1 symbol') : l10n.t('{0} symbols', formatCount(row.symbols))]
        : []),
    ].join(', '),
  };
}

/** Words that the menus' conditions look for. */
function contextOf({ item, role, path }: Row): string {
  const words = ['unikernel.size', role];
  if (path !== undefined || (item && sourceOf(item)?.startsWith('/'))) {
    words.push('source');
  }
  if (item?.declaration) {
    words.push('declaration');
  }
  if (item && (item.kind === 'function' || item.kind === 'label')) {
    words.push('code');
  }
  if (item && item.linkName !== '') {
    words.push('named');
  }
  return words.join(' ');
}

/** The hover of a row, in markdown. */
export function rowTooltip(row: Row, summary: Summary): string {
  const isChange = summary.before !== undefined;
  const exact = (bytes: number): string =>
    l10n.t('{0} bytes', `${isChange && bytes > 0 ? '+' : ''}${formatCount(bytes)}`);
  const { item } = row;
  const place = (at: { file: string; line: number } | undefined): string | undefined =>
    at && escapeMarkdown(at.line > 0 ? `${at.file}:${at.line}` : at.file);
  const fact = (name: string, value: string | undefined): [string, string] | undefined =>
    value === undefined || value === '' ? undefined : [name, value];
  return factTable(escapeMarkdown(item?.name ?? row.label), [
    [l10n.t('In memory'), exact(row.memoryBytes)],
    [l10n.t('In the file'), exact(row.fileBytes)],
    fact(l10n.t('Symbols'), row.hasChildren ? formatCount(row.symbols) : undefined),
    fact(l10n.t('Section'), item && escapeMarkdown(item.section)),
    fact(l10n.t('Defined at'), place(item?.definition)),
    fact(l10n.t('Declared at'), place(item?.declaration)),
    fact(l10n.t('Compile unit'), item?.unit && escapeMarkdown(item.unit)),
    fact(l10n.t('Link name'), item && escapeMarkdown(item.linkName)),
    fact(l10n.t('Also called'), item?.aliases.map(escapeMarkdown).join(', ')),
    fact(l10n.t('Linkage'), item?.linkName ? linkageOf(item) : undefined),
  ]);
}

function linkageOf(item: SizeItem): string {
  if (item.weak) {
    return l10n.t('weak');
  }
  return item.local ? l10n.t('local') : l10n.t('global');
}

function viewTitle(name: string, grouping: Grouping): string {
  switch (grouping) {
    case 'source':
      return l10n.t('{0} by source', name);
    case 'section':
      return l10n.t('{0} by section', name);
    case 'name':
      return l10n.t('{0} by name', name);
  }
}

/** What stands beside the view's title. */
export function viewDescription(summary: Summary, query: TreeQuery): string {
  const name = summary.path.split('/').at(-1);
  const parts = [viewTitle(name ?? '', query.grouping), bothSizes(summary, false)];
  if (summary.before) {
    const change = {
      memoryBytes: summary.memoryBytes - summary.before.memoryBytes,
      fileBytes: summary.fileBytes - summary.before.fileBytes,
    };
    const { path } = summary.before;
    parts[1] =
      path === PREVIOUS_BUILD
        ? l10n.t('{0} since the build before', bothSizes(change, true))
        : l10n.t('{0} since {1}', bothSizes(change, true), path.split('/').slice(-2).join('/'));
  }
  return parts.join(' · ');
}

/** The lines above the rows: what is filtered, and what could not be told. */
export function viewMessage(summary: Summary, query: TreeQuery): string | undefined {
  const lines = [
    query.filter === '' ? undefined : l10n.t('Only what matches “{0}”.', query.filter),
    query.minimum === 0 ? undefined : l10n.t('Rows below {0} are told as one.', formatBytes(query.minimum)),
    ...summary.notes,
  ].filter((line) => line !== undefined);
  return lines.length === 0 ? undefined : lines.join(' ');
}
