import { expect, test } from 'vitest';
import { SPROUT_PLUMBING } from './plumbing.ts';

test.each([
  'sprout_switch_stacks',
  'sprout_interrupt',
  'interrupt_common',
  'sprout::wait_begin',
  'sprout::thread_sleep',
  'sprout::Mutex::lock',
  'sprout::ReaderWriterLock::lock_shared',
  'sprout::ConditionVariable::wait',
  'sprout::TruthfulLock::TruthfulLock',
  'sprout::ExclusiveLock::ExclusiveLock',
  'sprout::SharedLock::SharedLock',
  'sprout::ScopedLock<sprout::Mutex>::ScopedLock',
  'sprout::(anonymous namespace)::report',
  'sprout::arch::(anonymous namespace)::handle',
  'sprout_panic_hook',
  'panic',
  'abort',
])('%s only says how a thread waits or panics', (name) => {
  expect(SPROUT_PLUMBING.test(name)).toBe(true);
});

test.each([
  'sprout::workload::Worker::rest',
  'sprout::workload::(anonymous namespace)::panic_later',
  'sprout::vnode_put',
  'sprout::vfs_read_locked',
  'sprout::handle_command',
  'main',
])('%s says why', (name) => {
  expect(SPROUT_PLUMBING.test(name)).toBe(false);
});
