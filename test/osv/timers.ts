/** Timers of the connection that the application makes to itself, by name. */
import type { OsvGuest } from './guest.ts';

const EXPECTED = /^TCP keep-alive 127\.0\.0\.1:(4711 – 127\.0\.0\.1:\d+|\d+ – 127\.0\.0\.1:4711)$/;

/** One sentence for each thing that is not as it should be. Its two ends have a timer each. */
export async function checkTcpTimers(guest: OsvGuest): Promise<string[]> {
  const timers = (await guest.view('timerSets')).rows.flatMap((row) => row.timers);
  const named = timers.map(({ name, callback }) => `${name}, which calls ${callback}`);
  console.log(`   timers: ${named.join('; ')}`);
  const found = timers.filter(({ name, callback }) => EXPECTED.test(name) && callback.includes('tcp_timer_keep'));
  return found.length === 2 ? [] : [`of the connection's keep-alive timers ${found.length} were told`];
}
