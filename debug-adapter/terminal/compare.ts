/** `unikernel-workbench compare`: what changed from one snapshot to another, without VS Code. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { CompareSnapshotsRequest } from '../protocol.ts';
import { sentence } from '../sentence.ts';
import { textReport } from '../snapshots/report.ts';
import { DapClient } from './dap-client.ts';
import { initialize } from './launch.ts';

const USAGE = `usage: unikernel-workbench compare [options] BEFORE AFTER

What changed from one snapshot of a kernel to another: pools and objects, threads, vnodes, timers. Both are memory dumps in ELF
format (of the debugger, QEMU's dump-guest-memory, or virsh dump --memory-only) of the same kernel build.

  --kernel=sprout|osv|ELF  the kernel (default: told from the folder)
  --cwd=FOLDER             the kernel's tree (default: here)
  --gdb=PROGRAM            (default gdb)
  --rows=N                 rows of each table (default 20)
  --json                   for programs
  --help`;

interface CompareOptions {
  help: boolean;
  json: boolean;
  rows: number;
  request: CompareSnapshotsRequest;
}

/** Runs the client; answers the exit code: 0, or 2 for what cannot be done. */
export async function compareMain(parameters: string[]): Promise<number> {
  try {
    const options = parseOptions(parameters);
    if (options.help) {
      console.log(USAGE);
      return 0;
    }
    const comparison = await ask(options.request);
    console.log(options.json ? JSON.stringify(comparison, null, 1) : textReport(comparison, options.rows).join('\n'));
    return 0;
  } catch (error) {
    console.error(sentence(error));
    return 2;
  }
}

/** An adapter without a guest, for one request. */
async function ask(request: CompareSnapshotsRequest) {
  const adapter = join(dirname(process.argv[1] ?? ''), 'adapter.cjs');
  if (!existsSync(adapter)) {
    throw new Error('The debug adapter is not built: run "npm run build".');
  }
  const client = new DapClient([process.execPath, adapter]);
  const interrupt = (): void => void client.adapter.stdin?.end();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    await initialize(client);
    return await client.custom('unikernel/compareSnapshots', request);
  } finally {
    client.adapter.stdin?.end();
  }
}

/** @throws Error with one sentence when the command line is wrong. */
function parseOptions(parameters: string[]): CompareOptions {
  const { values, positionals } = parseArgs({
    args: parameters,
    allowPositionals: true,
    options: {
      kernel: { type: 'string' },
      cwd: { type: 'string', default: process.cwd() },
      gdb: { type: 'string' },
      rows: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { kernel, cwd, gdb, rows, json, help } = values;
  const [before = '', after = '', ...others] = positionals;
  if (!help && (after === '' || others.length > 0)) {
    throw new Error('Tell two snapshots; --help tells the rest.');
  }
  if (!/^\d{1,6}$/.test(rows) || Number(rows) === 0) {
    throw new Error(`--rows takes a number from 1 on, not “${rows}”.`);
  }
  const request = { before, after, cwd, ...(kernel !== undefined && { kernel }), ...(gdb !== undefined && { gdb }) };
  return { help, json, rows: Number(rows), request };
}
