/** SIGKILL of the adapter at any moment leaves no process, no folder and no RAM file. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { BUSY_FUNCTION, launchArguments, Session } from './client.ts';

/** What could be left that is no process of ours and lies in no folder of ours. */
function ramFiles(): string[] {
  return readdirSync('/dev/shm');
}

async function killAndLook(session: Session): Promise<void> {
  session.adapter.kill('SIGKILL');
  await session.traces.untilNothingIsLeft();
}

test('at a stop, while the guest runs, and while views are live', async () => {
  const files = ramFiles();
  const stopped = Session.start();
  const running = Session.start();
  await stopped.launchTo(BUSY_FUNCTION, { cpus: 2 });
  await running.launchRunning();
  await running.custom('unikernel/subscribe', { views: ['threads', 'mallocPools'], rate: 50 });
  expect(stopped.traces.processes().join()).toMatch(/qemu-system-x86/);
  expect(running.traces.processes().join()).toMatch(/gdb/);
  await Promise.all([killAndLook(stopped), killAndLook(running)]);
  expect(ramFiles()).toEqual(files);
});

test('at many moments of a start', async () => {
  for (let delay = 0; delay < 300; delay += 30) {
    const session = Session.start();
    await session.initialize();
    session.request('launch', launchArguments({})).catch(() => undefined);
    // The moment is the point: from before QEMU starts to after gdb is connected.
    await new Promise((resolve) => setTimeout(resolve, delay));
    await killAndLook(session);
  }
});

test('during a build, with what it has started', async () => {
  const session = Session.start();
  await session.initialize();
  const build = ['/bin/sh', '-c', 'echo begun; sleep 1000 & sleep 1000'];
  session.request('launch', launchArguments({ build })).catch(() => undefined);
  await session.shown(/^begun$/m);
  await killAndLook(session);
});

test('during a cold reading of layouts, by a cache that is new', async () => {
  const cache = mkdtempSync(join(inject('folder'), 'cold-'));
  const session = Session.start({ XDG_CACHE_HOME: cache });
  await session.launchRunning();
  await killAndLook(session);
  execFileSync('rm', ['-r', cache]);
});
