/** Boots as they were, kept for each kernel of the workspace: to be compared with the next one. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { type BootRun, keepRun } from '../../debug-adapter/history/boot-chart.ts';
import { type BootPhase, DEBUG_TYPE } from '../../debug-adapter/protocol.ts';
import { request, type Sessions } from '../sessions.ts';

const KEY = 'unikernel.boots';
/** Between two questions while a guest boots, in milliseconds. */
const PATIENCE = 500;
/** A guest that has not come to its programs by then is asked at its stops only. */
const MOST_QUESTIONS = 60;

export class BootRuns implements vscode.Disposable {
  readonly #memory: vscode.Memento;
  readonly #changed = new vscode.EventEmitter<vscode.DebugSession>();
  readonly #disposables: vscode.Disposable[];
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** By session, the boot that it is in. */
  readonly #current = new Map<string, BootRun>();
  readonly #living = new Set<string>();

  /** Fires when more is known of a session's boot. */
  readonly onDidChange = this.#changed.event;

  constructor(memory: vscode.Memento, sessions: Sessions) {
    this.#memory = memory;
    this.#disposables = [
      this.#changed,
      vscode.debug.onDidStartDebugSession((session) => session.type === DEBUG_TYPE && this.#follow(session, 0)),
      sessions.onDidMove((session) => this.#follow(session, 0)),
      vscode.debug.onDidTerminateDebugSession((session) => this.#end(session)),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
    for (const timer of this.#timers.values()) {
      clearTimeout(timer);
    }
  }

  /** Boots of the kernel that `session` debugs, the newest first. */
  runs(session: vscode.DebugSession): BootRun[] {
    return this.#memory.get<Record<string, BootRun[]>>(KEY, {})[kernelOf(session)] ?? [];
  }

  /** The boot that the session is in. */
  current(session: vscode.DebugSession): BootRun | undefined {
    return this.#current.get(session.id);
  }

  /** Keeps the current boots only. */
  async forget(session: vscode.DebugSession): Promise<void> {
    const run = this.#current.get(session.id);
    await this.#keep(session, run ? [run] : []);
    this.#changed.fire(session);
  }

  /** Asks until the guest has come to its last phase: two answers that are the same. */
  async #follow(session: vscode.DebugSession, question: number): Promise<void> {
    this.#living.add(session.id);
    clearTimeout(this.#timers.get(session.id));
    this.#timers.delete(session.id);
    const phases = await request(session, 'unikernel/bootPhases', {}).then(
      (answer) => answer.phases,
      () => undefined,
    );
    const known = this.#current.get(session.id);
    if (phases && (known?.phases.length !== phases.length || idOf(session, phases) !== known.id)) {
      await this.#take(session, phases);
    } else if (phases) {
      return;
    }
    if (question < MOST_QUESTIONS && this.#living.has(session.id)) {
      this.#timers.set(
        session.id,
        setTimeout(() => this.#follow(session, question + 1), PATIENCE),
      );
    }
  }

  async #take(session: vscode.DebugSession, phases: BootPhase[]): Promise<void> {
    const run = { id: idOf(session, phases), when: Date.now(), label: labelOf(session), phases };
    this.#current.set(session.id, run);
    await this.#keep(session, keepRun(this.runs(session), run));
    this.#changed.fire(session);
  }

  async #keep(session: vscode.DebugSession, runs: BootRun[]): Promise<void> {
    const all = this.#memory.get<Record<string, BootRun[]>>(KEY, {});
    await this.#memory.update(KEY, { ...all, [kernelOf(session)]: runs });
  }

  #end(session: vscode.DebugSession): void {
    this.#living.delete(session.id);
    clearTimeout(this.#timers.get(session.id));
    this.#timers.delete(session.id);
  }
}

/** A restarted guest is another boot: no two reach the kernel at the same nanosecond. */
function idOf(session: vscode.DebugSession, phases: readonly BootPhase[]): string {
  return `${session.id} ${phases[1]?.begin ?? 0}`;
}

function kernelOf({ configuration }: vscode.DebugSession): string {
  return String(configuration.kernel ?? configuration.cwd ?? '');
}

function labelOf({ configuration, name }: vscode.DebugSession): string {
  const cpus = configuration.cpus === undefined ? '' : `, ${vscode.l10n.t('{0} CPUs', configuration.cpus)}`;
  const kernel = configuration.kernel ? basename(String(configuration.kernel)) : name;
  return `${kernel}, ${configuration.machine ?? 'q35'}${cpus}`;
}
