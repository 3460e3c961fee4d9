import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Session } from './client.ts';

/** The frame that a client selects: the first that does not step back. */
export async function selectedFrame(session: Session, threadId: number): Promise<DebugProtocol.StackFrame | undefined> {
  // As editors ask: the innermost at once, the others when there is time.
  const frames = await session.stack(threadId, { startFrame: 0, levels: 1 });
  frames.push(...(await session.stack(threadId, { startFrame: 1, levels: 19 })));
  // VS Code keeps one hint for all frames of a file, the last one that it was told.
  const hints = new Map(frames.map(({ source: place }) => [place?.path, place?.presentationHint]));
  return frames.find(({ source: place }) => place && hints.get(place.path) !== 'deemphasize');
}
