/** Breakpoints in an application and in a library that it loads late, set before the kernel has booted. */
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { OsvGuest } from './guest.ts';
import { APP_SOURCE, LATE_SOURCE, makeAppImage } from './image.ts';
import { checkTcpTimers } from './timers.ts';

/** Where a stop must be: functions from the innermost on, in this file. */
interface Expected {
  file: string;
  functions: string[];
}

const IN_APP: Expected = { file: APP_SOURCE, functions: ['load_late', 'main', 'osv::application::run_main'] };
const IN_LIBRARY: Expected = { file: LATE_SOURCE, functions: ['doubled', 'late_greet', 'load_late', 'main'] };

/** Runs the guest through both; each thing that is not as it should be is one sentence. */
export async function checkPrograms(folder: string, tree: string): Promise<string[]> {
  const image = makeAppImage(tree, join(folder, 'image'));
  const guest = await OsvGuest.launch(
    folder,
    {
      kernel: image.kernel,
      disks: [image.disk],
      commandLine: image.commandLine,
      cwd: tree,
      build: [],
      memory: '128M',
      cpus: 2,
      accelerator: 'tcg',
    },
    'load_late',
  );
  try {
    const differences = await compareStop(guest, IN_APP);
    // Its library is not there yet.
    await guest.runTo('doubled');
    differences.push(...(await compareStop(guest, IN_LIBRARY)));
    // By then it has a connection.
    return [...differences, ...(await checkTcpTimers(guest))];
  } finally {
    await guest.dispose();
  }
}

async function compareStop(guest: OsvGuest, { file, functions }: Expected): Promise<string[]> {
  const { stackFrames } = await guest.client.request<DebugProtocol.StackTraceResponse['body']>('stackTrace', {
    threadId: guest.stopped.threadId,
    levels: functions.length,
  });
  const names = stackFrames.map(({ name }) => name);
  const path = stackFrames[0]?.source?.path;
  const told = `stopped in ${names.join(' < ')}, ${path}:${stackFrames[0]?.line}`;
  console.log(`   ${told}`);
  const isThere = path === file && functions.every((name, index) => names[index] === name);
  return isThere ? [] : [`${told}; expected ${functions.join(' < ')} in ${file}`];
}
