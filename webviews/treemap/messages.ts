/** What the size map and its host tell each other. */

/** A node of the map, as it is drawn. */
export interface MapRow {
  id: string;
  label: string;
  role: string;
  /** In a comparison the change; its sign is the colour. */
  bytes: number;
  /** Its area. */
  weight: number;
  /** As people read it, memory and file side by side. */
  sizes: string;
  change?: 'grew' | 'shrank' | 'new' | 'gone' | 'same';
  hasSource: boolean;
  hasChildren: boolean;
  children: MapRow[];
}

export type Grouping = 'source' | 'section' | 'name';
export type Measure = 'memory' | 'file';

/** From the host: a map to draw. */
export interface ShowMap {
  type: 'map';
  title: string;
  grouping: Grouping;
  measure: Measure;
  filter: string;
  isComparison: boolean;
  /** From the whole file to what is drawn. */
  trail: { id: string; label: string }[];
  map: MapRow;
}

export interface ShowError {
  type: 'error';
  message: string;
}

export type ToPage = ShowMap | ShowError;

export type ToHost =
  | { type: 'ready' }
  | { type: 'zoom'; id: string }
  | { type: 'query'; grouping: Grouping; measure: Measure; filter: string }
  | { type: 'open'; id: string };
