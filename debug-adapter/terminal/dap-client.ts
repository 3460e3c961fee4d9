import { type ChildProcess, spawn } from 'node:child_process';
import { DapConnection } from './dap-connection.ts';

export interface DapClientOptions {
  /** The adapter's environment; default ours. */
  environment?: NodeJS.ProcessEnv;
}

/** A debug adapter's process, spoken to on its stdio; its stderr goes to ours. */
export class DapClient extends DapConnection {
  readonly adapter: ChildProcess;

  /** @param command the adapter's program and arguments */
  constructor([program, ...parameters]: readonly [string, ...string[]], { environment }: DapClientOptions = {}) {
    // A process group of its own: the terminal's Ctrl-C reaches us alone, and we end the session in order.
    const adapter = spawn(program, parameters, {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
      env: environment ?? process.env,
    });
    super(adapter.stdout, adapter.stdin);
    this.adapter = adapter;
    adapter.on('error', (error) => this.end(`The debug adapter could not be started: ${error.message}`));
    // After the last of its words is read.
    adapter.on('close', (code, signal) => this.end(`The debug adapter ended (${signal ?? `code ${code}`}).`));
  }
}
