/** From what a person points at, in an editor or in the Variables view, to an expression that means the same anywhere and later. */
import * as vscode from 'vscode';
import { request } from '../sessions.ts';

/** A value, by an expression of globals and addresses; called `label` when that is not what was asked for. */
export interface Denoted {
  expression: string;
  label?: string;
  /** What it points to, or where it lies. */
  memoryReference?: string;
}

/** The argument of commands in the Variables view's menu. */
export interface VariableContext {
  sessionId?: string;
  variable?: { name: string; value: string; evaluateName?: string; memoryReference?: string };
}

/**
 * What `text` denotes in the selected frame, or else in `source`. A local is named by its address: it is followed even when its
 * function is left. Rejects with gdb's sentence.
 */
export async function denote(
  session: vscode.DebugSession,
  text: string,
  source?: { path: string; line: number },
): Promise<Denoted> {
  const inFrame = await evaluateInFrame(session, text);
  try {
    const { expression, memoryReference } = await request(session, 'unikernel/liveValue', {
      expression: text,
      ...(source && { source }),
    });
    // A global may have the name of a local, which hides it.
    if (!inFrame || inFrame.memoryReference === memoryReference) {
      return withLabel(text, expression, memoryReference);
    }
  } catch (error) {
    if (!inFrame) {
      throw error;
    }
  }
  return withLabel(text, byAddress(inFrame) ?? text, inFrame.memoryReference);
}

interface Evaluated {
  type: string;
  memoryReference?: string;
}

/** Undefined while the guest runs, and for what the frame does not know. */
async function evaluateInFrame(session: vscode.DebugSession, expression: string): Promise<Evaluated | undefined> {
  const item = vscode.debug.activeStackItem;
  if (!(item instanceof vscode.DebugStackFrame) || item.session.id !== session.id) {
    return undefined;
  }
  try {
    return await session.customRequest('evaluate', { expression, frameId: item.frameId, context: 'watch' });
  } catch {
    return undefined;
  }
}

/** Undefined for what lies in a register. A pointer is what it points to now. */
function byAddress({ type, memoryReference }: Evaluated): string | undefined {
  if (memoryReference === undefined) {
    return undefined;
  }
  const name = type.replace(/\b(?:struct|class|union|enum) /g, '');
  const pointer = /^(.*?)\s*\*(?:\s*const)?$/.exec(name)?.[1];
  return pointer === undefined ? `{'${name}'}${memoryReference}` : `('${pointer}' *)${memoryReference}`;
}

function withLabel(text: string, expression: string, memoryReference: string | undefined): Denoted {
  return {
    expression,
    ...(expression !== text && { label: text }),
    ...(memoryReference !== undefined && { memoryReference }),
  };
}
