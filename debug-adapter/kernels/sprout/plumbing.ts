/** Sprout's functions between what a thread does and its parked state, or its panic. */
const FUNCTIONS = [
  'switch_to_best|switch_stacks|schedule|yield|preempt\\w*',
  'wait_\\w+|wake\\w*|thread_sleep\\w*|thread_join|thread_exit',
  '\\w*(Lock|Mutex|Guard)(<.*>)?::\\w+|ConditionVariable::\\w+',
  'vnode_lock\\w*|InterruptsOff::\\S+',
  'check_order|locking_thread|interrupt_common|handle',
  'panic|panic_at|report|report_exception|verify_failed|abort',
].join('|');

export const SPROUT_PLUMBING = new RegExp(
  `^(sprout::)?(arch::)?(\\(anonymous namespace\\)::)?(${FUNCTIONS}|sprout_(interrupt|preempt|panic|switch)\\w*|__cxa_pure_virtual)$`,
);
