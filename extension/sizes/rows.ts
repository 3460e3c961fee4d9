/** How the symbol-size tree's rows read. Pure, so that it is tested without a window. */
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

export const GROUPING_NAMES: Record<Grouping, string> = {
  source: 'folder and file',
  section: 'section',
  name: 'namespace, class and template',
};

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
  const file = row.memoryBytes === row.fileBytes ? '' : ` · file ${sizeText(row.fileBytes, isChange)}`;
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
  const description = `${bothSizes(row, isChange, share)}${row.change === 'new' || row.change === 'gone' ? ` · ${row.change}` : ''}`;
  return {
    description,
    icon: change?.icon ?? (row.item ? (ITEM_ICONS[row.item.kind] ?? 'circle-small') : ICONS[row.role]),
    ...(change && { color: change.color }),
    context: contextOf(row),
    spoken: `${row.label}, ${description}${row.hasChildren ? `, ${formatCount(row.symbols)} symbols` : ''}`,
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
  const exact = (bytes: number): string => `${isChange && bytes > 0 ? '+' : ''}${formatCount(bytes)}`;
  const { item } = row;
  const place = (at: { file: string; line: number } | undefined): string | undefined =>
    at && escapeMarkdown(at.line > 0 ? `${at.file}:${at.line}` : at.file);
  const fact = (name: string, value: string | undefined): [string, string] | undefined =>
    value === undefined || value === '' ? undefined : [name, value];
  return factTable(escapeMarkdown(item?.name ?? row.label), [
    ['In memory', `${exact(row.memoryBytes)} bytes`],
    ['In the file', `${exact(row.fileBytes)} bytes`],
    fact('Symbols', row.hasChildren ? formatCount(row.symbols) : undefined),
    fact('Section', item && escapeMarkdown(item.section)),
    fact('Defined at', place(item?.definition)),
    fact('Declared at', place(item?.declaration)),
    fact('Compile unit', item?.unit && escapeMarkdown(item.unit)),
    fact('Link name', item && escapeMarkdown(item.linkName)),
    fact('Also called', item?.aliases.map(escapeMarkdown).join(', ')),
    fact('Linkage', item?.linkName ? (item.weak ? 'weak' : item.local ? 'local' : 'global') : undefined),
  ]);
}

/** What stands beside the view's title. */
export function viewDescription(summary: Summary, query: TreeQuery): string {
  const name = summary.path.split('/').at(-1);
  const grouping = query.grouping === 'name' ? 'name' : query.grouping;
  const parts = [`${name} by ${grouping}`, bothSizes(summary, false)];
  if (summary.before) {
    const change = {
      memoryBytes: summary.memoryBytes - summary.before.memoryBytes,
      fileBytes: summary.fileBytes - summary.before.fileBytes,
    };
    parts[1] = `${bothSizes(change, true)} since ${summary.before.path === PREVIOUS_BUILD ? 'the build before' : summary.before.path.split('/').slice(-2).join('/')}`;
  }
  return parts.join(' · ');
}

/** The lines above the rows: what is filtered, and what could not be told. */
export function viewMessage(summary: Summary, query: TreeQuery): string | undefined {
  const lines = [
    query.filter === '' ? undefined : `Only what matches “${query.filter}”.`,
    query.minimum === 0 ? undefined : `Rows below ${formatBytes(query.minimum)} are told as one.`,
    ...summary.notes,
  ].filter((line) => line !== undefined);
  return lines.length === 0 ? undefined : lines.join(' ');
}
