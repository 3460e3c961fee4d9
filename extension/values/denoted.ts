/** From what a person points at, in an editor or in the Variables view, to an expression that means the same anywhere and later. */
import * as vscode from 'vscode';
import { request } from '../sessions.ts';
import { addressExpression } from './address-expression.ts';

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

/** Where an expression stands in the editor in front, as far as names are concerned. */
export function sourceInFront(): { path: string; line: number } | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor && { path: editor.document.uri.fsPath, line: editor.selection.active.line + 1 };
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
  const { type, memoryReference } = inFrame;
  // What lies in a register can be followed in its frame only.
  return withLabel(
    text,
    memoryReference === undefined ? text : addressExpression(type, memoryReference),
    memoryReference,
  );
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

function withLabel(text: string, expression: string, memoryReference: string | undefined): Denoted {
  return {
    expression,
    ...(expression !== text && { label: text }),
    ...(memoryReference !== undefined && { memoryReference }),
  };
}
