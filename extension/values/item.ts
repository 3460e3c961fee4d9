/** A row of *Live Watch* as VS Code draws it. */
import * as vscode from 'vscode';
import { escapeMarkdown } from '../views/node.ts';
import { opens, type WatchRow } from './rows.ts';
import { plotMarkdown, sparkline } from './sparkline.ts';

/** Longer values are cut in the row; the hover has them whole. */
const LONGEST_LABEL = 300;

/** @param note why the row has no value, when it has none */
export function watchItem(row: WatchRow, isExpanded: boolean, note: string, now: number): vscode.TreeItem {
  const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const { value, error } = row.value ?? {};
  const text = row.value === undefined ? row.name : `${row.name}: ${value}`.slice(0, LONGEST_LABEL);
  const label: vscode.TreeItemLabel = { label: error === undefined ? text : row.name };
  if (row.changed && error === undefined) {
    label.highlights = [[Math.min(row.name.length + 2, text.length), text.length]];
  }
  const item = new vscode.TreeItem(label, opens(row) ? (isExpanded ? Expanded : Collapsed) : None);
  item.id = row.id;
  item.description = error ?? (row.value === undefined ? note : sparkline(row.history, now));
  item.contextValue = contextOf(row);
  if (error !== undefined) {
    item.iconPath = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  }
  item.accessibilityInformation = { label: spoken(row, note) };
  return item;
}

/** Read when the user hovers: the whole value, its type and place, and how it went. */
export function watchTooltip(row: WatchRow, now: number): vscode.MarkdownString | undefined {
  const { value, parent } = row;
  if (!value || row.kind === 'range') {
    return undefined;
  }
  const facts = [
    parent || row.name === row.expression ? '' : `\`${row.expression}\``,
    value.type === '' ? '' : escapeMarkdown(value.type),
    value.memoryReference === undefined ? '' : `\`${value.memoryReference}\``,
  ].filter((fact) => fact !== '');
  const text = new vscode.MarkdownString(facts.join(' · '));
  text.appendCodeblock(value.error ?? value.value, 'cpp');
  text.appendMarkdown(plotMarkdown(row.history, now));
  return text;
}

/** What menus ask: the kind, then what can be done. */
function contextOf({ kind, value }: WatchRow): string {
  // A structure is set member by member.
  const isSettable =
    value !== undefined && value.error === undefined && kind !== 'range' && !/^[{[<]/.test(value.value);
  const abilities = [isSettable ? 'settable' : '', value?.memoryReference === undefined ? '' : 'address'];
  return ['unikernel.watch', kind, ...abilities.filter((ability) => ability !== '')].join('.');
}

/** Bars of a plot are nothing to be read aloud. */
function spoken({ name, value, changed }: WatchRow, note: string): string {
  if (value === undefined) {
    return [name, note].filter((part) => part !== '').join(', ');
  }
  return `${name}, ${value.error ?? value.value}${changed ? `, ${vscode.l10n.t('changed')}` : ''}`;
}
