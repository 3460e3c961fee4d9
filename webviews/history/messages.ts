/** What the history's page and its host tell each other. */
import type { BootRun } from '../../debug-adapter/history/boot-chart.ts';
import type { ProfileReading, TraceReading } from '../../debug-adapter/kernels/model.ts';

/** The page's tabs. */
export type Tab = 'timeline' | 'latencies' | 'profile' | 'boot';

export type ToPage =
  /** Another guest, or none: forget what was told. */
  | { type: 'begin'; session: string | undefined }
  | { type: 'state'; running: boolean; ended: boolean }
  | { type: 'trace'; reading: TraceReading }
  | { type: 'profile'; reading: ProfileReading }
  /** Boots of this kernel, the newest first; `current` names that of the guest that is shown. */
  | { type: 'boots'; runs: BootRun[]; current: string | undefined }
  /** Why there is nothing to show on a tab. */
  | { type: 'missing'; tab: 'timeline' | 'profile' | 'boot'; message: string };

export type ToHost =
  | { type: 'ready' }
  /** Whether readings go on while the guest runs. */
  | { type: 'live'; live: boolean }
  | { type: 'open'; file: string; line: number }
  /** Saves a text as a file that the user names; `opens` shows it then. */
  | { type: 'save'; name: string; content: string; opens: boolean }
  | { type: 'forgetBoots' };
