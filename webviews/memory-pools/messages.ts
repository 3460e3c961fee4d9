/** What the memory-pool visualizer's page and its host say to each other. */
import type {
  AllocationGroup,
  Identification,
  MallocPoolsRow,
  PagesChangedEvent,
  SlabRow,
} from '../../debug-adapter/protocol.ts';

/** There is nothing to show, and why. */
export interface ShowNothing {
  type: 'nothing';
  message: string;
  isError: boolean;
}

/** The session that is shown, and whether it still runs. */
export interface ShowState {
  type: 'state';
  /** Empty while there is one session only. */
  session: string;
  state: 'live' | 'stopped' | 'ended';
}

/** Pages that are something else now; the first of a subscription has all of them. */
export interface ShowPages {
  type: 'pages';
  event: PagesChangedEvent;
  /** It is of another session than the one before. */
  isOther: boolean;
}

/** The rows of the malloc pools' view. */
export interface ShowPools {
  type: 'pools';
  rows: MallocPoolsRow[];
  isTorn: boolean;
  notes: string[];
}

/** The answer to `identify`: what lies at an offset in a page. */
export interface ShowIdentity {
  type: 'identity';
  frame: number;
  offset: number;
  /** Undefined when it could not be told; `text` then says why. */
  found?: Identification;
  text: string;
  guestTime: number;
}

/** The answer to `slabs`. */
export interface ShowSlabs {
  type: 'slabs';
  purpose: SlabPurpose;
  slabs: (SlabRow & { frame: number })[];
}

/** The answer to `leaks`: live allocations by their callers, or why they are not known. */
export interface ShowLeaks {
  type: 'leaks';
  groups: AllocationGroup[];
  message: string;
  guestTime: number;
}

export type ToPage = ShowNothing | ShowState | ShowPages | ShowPools | ShowIdentity | ShowSlabs | ShowLeaks;

export type ToHost =
  | { type: 'ready' }
  | { type: 'identify'; frame: number; offset: number }
  /** Objects of the slabs that these frames belong to; at most MOST_FRAMES of its purpose. */
  | { type: 'slabs'; purpose: SlabPurpose; frames: number[] }
  | { type: 'leaks' }
  /** Goes to what owns the place: a thread, the code that allocated it, the row of its class. */
  | { type: 'open'; frame: number; offset: number }
  /** Shows the row of a class. */
  | { type: 'openClass'; key: string }
  /** Opens the source of a caller and its call as AllocationGroup tells them. */
  | { type: 'openCaller'; caller: string; call?: number };

/** Slabs in sight, to be drawn; all slabs of a moment, to be compared with another one's. */
export type SlabPurpose = 'sight' | 'moment';

/** Frames whose slabs are asked for at once. */
export const MOST_FRAMES: Record<SlabPurpose, number> = { sight: 64, moment: 4096 };
