import { type ChildProcess, spawn } from 'node:child_process';

/**
 * A small shell script that runs when this process ends, however that ends (SIGKILL too): it waits, in a process group of its own, for the
 * end of a pipe that only we hold open.
 */
export class LastWill {
  readonly #watcher: ChildProcess;

  /** @param script constant text of ours; it finds `parameters` as "$1" and so on, which the shell does not read as code */
  constructor(script: string, ...parameters: string[]) {
    this.#watcher = spawn('/bin/sh', ['-c', `read -r line; ${script}`, 'unikernel-watcher', ...parameters], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#watcher.on('error', () => undefined);
    this.#watcher.stdin?.on('error', () => undefined);
    this.#watcher.unref();
  }

  /** Runs it now. Idempotent. */
  execute(): void {
    this.#watcher.stdin?.end();
  }

  /** It is not needed any more. Idempotent. */
  revoke(): void {
    this.#watcher.kill('SIGKILL');
  }
}
