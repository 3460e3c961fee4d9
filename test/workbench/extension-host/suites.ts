/** Every suite that runs in the extension host, in this order. */
import { apiSuite } from './api.ts';
import { configurationSuite } from './configurations.ts';
import { debuggingSuite } from './debugging.ts';
import { manifestSuite } from './manifest.ts';
import { snapshotSuite } from './snapshots.ts';
import { taskSuite } from './tasks.ts';

export const suites: (() => void)[] = [
  manifestSuite,
  taskSuite,
  debuggingSuite,
  snapshotSuite,
  configurationSuite,
  apiSuite,
];
