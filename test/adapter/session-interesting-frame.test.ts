/** Of a thread that waits, the frame that says why: named in the lists and selected first, whatever it waits for. */
import { basename } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { LockKind, ThreadRow } from '../../debug-adapter/protocol.ts';
import { BUSY_FUNCTION, type Launch, Session } from './client.ts';
import { buildKernelTests, TESTS_ELF } from './kernel-tests.ts';
import { selectedFrame } from './selected-frame.ts';

beforeAll(buildKernelTests);

/** How often the guest is stopped at most until a thread waits as wanted. */
const MOST_STOPS = 300;

interface Wait {
  kind: LockKind;
  /** What is waited for. */
  description: string;
  /** Which thread. */
  name: string;
}

/** Stops at a function again and again until threads wait so, and answers them. One that is on its way off its CPU has no frame yet. */
async function waiting(session: Session, { kind, description, name }: Wait): Promise<ThreadRow[]> {
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    const { threadId } = await session.stopped();
    const { rows } = await session.custom('unikernel/view', { view: 'threads' });
    const found = (rows as ThreadRow[]).filter(
      ({ name: own, waitsFor, frame }) =>
        own === name && waitsFor?.kind === kind && waitsFor.description === description && frame !== undefined,
    );
    if (found.length > 0) {
      return found;
    }
    await session.request('continue', { threadId });
  }
  throw new Error(`No ${name} waits for ${description}.`);
}

const TESTS: Launch = { kernel: TESTS_ELF, cpus: 2 };
const LOCKS = { ...TESTS, commandLine: 'test-locks a_blocked_thread_tells_what_it_holds_and_wants' };
const CONDITION = { ...TESTS, commandLine: 'test-locks a_condition_wakes_in_order' };
const CROWD = { ...TESTS, cpus: 4, commandLine: 'test-vfs-crowd appends-lose-nothing' };

test.each<[LockKind, string, string, string, string, string, Launch]>([
  ['sleep', 'sleep', 'main', 'wait_for_end', 'workload.cc', BUSY_FUNCTION, {}],
  ['mutex', 'mutex "inner"', 'blocked', 'hold_outer_wait_for_inner', 'locks.cc', 'check_blocked_thread', LOCKS],
  [
    'condition',
    'condition "signal"',
    'listener',
    'listen',
    'locks.cc',
    'sprout::ConditionVariable::notify_one',
    CONDITION,
  ],
  ['join', 'thread appender', 'main', 'run_crowd', 'vfs_crowd.cc', 'sprout::ReaderWriterLock::unlock', CROWD],
  // Taken by a guard whose constructor is inlined.
  ['readerWriterLock', 'vnode /records', 'appender', 'vfs_write', 'file.cc', 'sprout::ReaderWriterLock::unlock', CROWD],
])('%s: %s, of %s in %s (%s)', async (kind, description, name, called, file, stopAt, options) => {
  const session = Session.start();
  await session.launch(options);
  await session.breakAt({ name: stopAt });
  await session.request('configurationDone');
  const found = await waiting(session, { kind, description, name });
  const listed = await session.threads();
  for (const { id, frame = '' } of found) {
    expect(frame).toMatch(new RegExp(`(^|::)${called} \\(${file}:\\d+\\)$`));
    expect(listed.find((thread) => thread.id === id)?.name).toContain(` in ${frame}`);
    // gdb unwinds, and knows what is inlined: it says the same.
    const selected = await selectedFrame(session, id);
    const place = `${basename(selected?.source?.path ?? '')}:${selected?.line}`;
    expect(`${selected?.name.replace(/\((?!anonymous).*/, '')} (${place})`).toBe(frame);
  }
  await session.end();
});
