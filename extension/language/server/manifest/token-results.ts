/** What was last sent of a document's semantic tokens, so that after an edit only the difference is sent. */
import type { SemanticTokens, SemanticTokensDelta } from 'vscode-languageserver/node';

export class TokenResults {
  readonly #last = new Map<string, { id: string; data: number[] }>();
  #count = 0;

  whole(uri: string, data: number[]): SemanticTokens {
    const id = String(++this.#count);
    this.#last.set(uri, { id, data });
    return { resultId: id, data };
  }

  /** One edit between the equal ends; everything when the client's result is not the last one. */
  delta(uri: string, previousId: string, data: number[]): SemanticTokens | SemanticTokensDelta {
    const before = this.#last.get(uri);
    const { resultId } = this.whole(uri, data);
    if (before?.id !== previousId) {
      return { ...(resultId !== undefined && { resultId }), data };
    }
    const old = before.data;
    const shorter = Math.min(old.length, data.length);
    let head = 0;
    while (head < shorter && old[head] === data[head]) {
      head++;
    }
    let tail = 0;
    while (tail < shorter - head && old[old.length - 1 - tail] === data[data.length - 1 - tail]) {
      tail++;
    }
    const edit = { start: head, deleteCount: old.length - head - tail, data: data.slice(head, data.length - tail) };
    const edits = edit.deleteCount === 0 && edit.data.length === 0 ? [] : [edit];
    return { ...(resultId !== undefined && { resultId }), edits };
  }

  forget(uri: string): void {
    this.#last.delete(uri);
  }
}
