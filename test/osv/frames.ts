/** The frame that the view of threads names for each waiting thread, beside gdb's own backtrace of that thread. */

import { basename } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { OsvGuest } from './guest.ts';

const DEEPEST = 16;

/** One sentence for each frame that gdb does not have, or has at another line. */
export async function checkFrames(guest: OsvGuest): Promise<string[]> {
  const { rows } = await guest.view('threads');
  const wrong: string[] = [];
  const named = rows.filter(({ state, frame }) => state === 'waiting' && frame !== undefined);
  for (const { id, name, frame = '' } of named) {
    const { stackFrames } = await guest.client.request<DebugProtocol.StackTraceResponse['body']>('stackTrace', {
      threadId: id,
      levels: DEEPEST,
    });
    const [, ours = '', place = ''] = /^(.*?)(?: \((\S+:\d+)\))?$/.exec(frame) ?? [];
    const theirs = stackFrames.map((one) => ({
      name: one.name,
      place: `${basename(one.source?.path ?? '')}:${one.line}`,
    }));
    const told = theirs.map((one) => `${one.name} (${one.place})`).join(' < ');
    const same = theirs.filter((one) => bare(one.name) === bare(ours));
    if (same.length === 0) {
      wrong.push(`thread ${id} ${name}: the view names ${frame}, gdb ${told}`);
    } else if (!same.some((one) => one.place === place)) {
      wrong.push(`another line: thread ${id} ${name}: the view names ${frame}, gdb ${told}`);
    }
  }
  console.log(`   frames: ${named.length - wrong.length} of ${named.length} with gdb's name and line`);
  return wrong;
}

/** A function's name without what it takes and what it returns. */
function bare(name: string): string {
  return name
    .replace(/\+0x[0-9a-f]+$/, '')
    .replace(/\(.*$/, '')
    .replace(/<.*$/, '')
    .replace(/^.* /, '');
}
