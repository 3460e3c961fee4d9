/** What a view shows, before VS Code is asked: rows with stable identities. Pure, so that each view is tested without a window. */
import type { Address } from '../../debug-adapter/protocol.ts';

/** The colours that rows use, by meaning. */
export type RowTone = 'error' | 'warning' | 'running' | 'quiet';

/** The slabs of a size class, which are asked for when they are opened. */
export interface SlabPages {
  /** PoolClassRow.key */
  pool: string;
  /** Only those of this CPU. */
  cpu: number;
}

export interface ViewNode {
  /** Unique in its view and the same at every refresh: expansion and selection hang on it. */
  id: string;
  label: string;
  description?: string;
  /** Markdown. Called when the user hovers. */
  tooltip?: () => string;
  /** A codicon. */
  icon?: string;
  tone?: RowTone;
  /** What *Copy Address* copies. */
  address?: Address;
  /** The DAP id of the thread whose frame *Go to Frame* shows. */
  thread?: number;
  /** The function whose source *Go to Source* opens. */
  code?: Address;
  /** The rows below, called when the row is opened. */
  children?: () => ViewNode[];
  /** The rows below come from the adapter. */
  slabs?: SlabPages;
  /** A click shows more rows below this parent (its id; the empty one is the view's own level). */
  moreBelow?: string;
  /** Open at first. */
  expanded?: boolean;
}

/** What the id of a row begins with that only groups others. */
export const GROUP = 'group/';

/** A plain fact below a row; with a small mark, so that it lines up with rows that have an icon. */
export function fact(id: string, label: string, description: string, parts: Partial<ViewNode> = {}): ViewNode {
  return { id, label, description, icon: 'circle-small', tone: 'quiet', ...parts };
}

/** `1,234,567`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** Text of the guest in markdown: as it is, never a link, an image or a table's edge. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-!|<>~&]/g, '\\$&').replace(/\s+/g, ' ');
}

/** A two-column markdown table without visible head. Values are markdown already. */
export function factTable(title: string, facts: (readonly [name: string, value: string] | undefined)[]): string {
  const rows = facts.filter((entry) => entry !== undefined).map(([name, value]) => `| ${name} | ${value} |`);
  return [`**${title}**`, '', '| | |', '|:--|:--|', ...rows].join('\n');
}
