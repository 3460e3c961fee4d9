/** OSv's functions between what a thread does and its parked state, or its end. Templates bring their return type along. */
const FUNCTIONS = [
  'sched::thread::(switch_to\\w*|wait\\w*|do_wait\\w*|prepare_wait|stop_wait|yield|sleep\\w*|wake\\w*|complete|join)',
  'sched::(cpu::(schedule|reschedule\\w*|do_idle|idle)|wait_\\w+|thread_main_c|\\w*wait_guard::\\S+)',
  'lockfree::mutex::\\w+|mutex_lock|mutex_unlock|lockfree_mutex_\\w+|condvar::\\w+|condvar_\\w+',
  'waiter::\\w+|waitqueue::\\w+|wait_object<.*>::\\w+|rwlock::\\w+|semaphore::\\w+',
  'pthread_(mutex|cond|rwlock)_\\w+|msleep|_?_?msleep\\w*|synch_\\w+|sx_\\w+|mtx_\\w+|cv_\\w+',
  'abort\\w*|osv::(halt|handle_failed_\\w+)|__assert_fail|panic\\w*|debug_early\\w*',
].join('|');

export const OSV_PLUMBING = new RegExp(`^([\\w:<>*& ]+ )?(${FUNCTIONS})(<.*>)?$`);
