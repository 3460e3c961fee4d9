/** What names a backtrace's addresses: the session's program, or with no session the ELF that was debugged last or built. */
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { SizesWorker } from '../../debug-adapter/elf/sizes/client.ts';
import type { StatusResponse, SymbolPlace } from '../../debug-adapter/protocol.ts';
import { newestKernel } from '../built-kernels.ts';
import { request, type Sessions } from '../sessions.ts';

/** The adapter's bound for one request. */
const MOST_ADDRESSES = 1000;

export interface Named {
  /** The path of the ELF. */
  program: string;
  /** In the order of the addresses; null for one in no symbol. */
  places: (SymbolPlace | null)[];
}

export class Programs implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #subscription: vscode.Disposable;
  /** The program that was debugged last. */
  #last: string | undefined;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.#subscription = sessions.onDidReceiveEvent(({ name, body }) => {
      if (name === 'unikernel/status') {
        this.#last = (body as StatusResponse).program;
      }
    });
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  /** Undefined when there is no program and the user named none. Rejects with one sentence. */
  async name(addresses: readonly bigint[]): Promise<Named | undefined> {
    const asked = addresses.slice(0, MOST_ADDRESSES);
    const { current } = this.#sessions;
    if (current) {
      const { program } = await request(current, 'unikernel/status', {});
      const texts = asked.map((address) => `0x${BigInt.asUintN(64, address).toString(16)}`);
      return { program, ...(await request(current, 'unikernel/symbolise', { addresses: texts })) };
    }
    const program = await this.#choose();
    return program === undefined ? undefined : { program, places: await placesIn(program, asked) };
  }

  async #choose(): Promise<string | undefined> {
    if (this.#last !== undefined && existsSync(this.#last)) {
      return this.#last;
    }
    const built = await newestKernel();
    if (built !== undefined) {
      return built;
    }
    const title = vscode.l10n.t('The ELF of the Kernel that Printed the Backtrace');
    const [chosen] = (await vscode.window.showOpenDialog({ title })) ?? [];
    return chosen?.fsPath;
  }
}

/** A worker reads the file: a large one never holds the window up. */
async function placesIn(path: string, addresses: readonly bigint[]): Promise<(SymbolPlace | null)[]> {
  const worker = new SizesWorker(undefined);
  try {
    const signed = addresses.map((address) => Number(BigInt.asIntN(64, address)));
    return await worker.ask('symbolise', { path, addresses: signed });
  } finally {
    await worker.stop();
  }
}
