/** Child processes that die with us, whatever ends us. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { findProgram } from './programs.ts';

/**
 * Starts `program` so that the kernel kills it when this process ends, even by SIGKILL: no watchdog, no orphan.
 * setpriv replaces itself by the program, so the child's process id is the program's own.
 * @param program an absolute path, see findProgram
 * @throws Error with one sentence when setpriv is missing.
 */
export function spawnTied(program: string, parameters: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn(findProgram('setpriv'), ['--pdeathsig', 'KILL', program, ...parameters], options);
}

/** Resolves when the process is gone; at once when it is already, or never started. */
export function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      resolve({ code: child.exitCode, signal: child.signalCode });
    } else {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    }
  });
}

/** As `exitOf`, after the last of its output was read. */
export function closeOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve) => {
    const open = child.stdio.some((stream) => stream && !stream.destroyed);
    if (child.pid === undefined || (!open && (child.exitCode !== null || child.signalCode !== null))) {
      resolve({ code: child.exitCode, signal: child.signalCode });
    } else {
      child.once('close', (code, signal) => resolve({ code, signal }));
    }
  });
}
