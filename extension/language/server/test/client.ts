/** A client of the language server for tests: the server in a process of its own, spoken to in JSON-RPC, as editors do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type ClientCapabilities,
  createProtocolConnection,
  type Diagnostic,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  type Registration,
  RegistrationRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type TextEdit,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { MANIFEST_LANGUAGE, TRANSLATIONS } from '../../protocol.ts';

const main = join(import.meta.dirname, '../main.ts');
const LIMIT_MS = 10_000;

/** What VS Code can. */
const dynamic: ClientCapabilities = {
  workspace: { configuration: true, codeLens: { refreshSupport: true } },
  textDocument: { completion: { dynamicRegistration: true } },
};

export interface ClientOptions {
  capabilities?: ClientCapabilities;
  /** The settings `unikernel.manifest.*`. */
  settings?: Record<string, unknown>;
  /** Texts in the user's language. */
  translations?: Record<string, string>;
}

export class Client implements AsyncDisposable {
  readonly folder: string;
  readonly connection: ProtocolConnection;
  readonly registrations: Registration[] = [];
  settings: Record<string, unknown>;
  initialized: unknown;
  lensRefreshes = 0;
  readonly #child: ChildProcess;
  readonly #documents = new Map<string, TextDocument>();
  readonly #diagnostics = new Map<string, { version: number; list: Diagnostic[] }>();
  readonly #waiting = new Set<() => void>();

  private constructor(child: ChildProcess, folder: string, settings: Record<string, unknown>) {
    this.folder = folder;
    this.settings = settings;
    this.#child = child;
    if (!child.stdout || !child.stdin) {
      throw new Error('The server has no pipes');
    }
    this.connection = createProtocolConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    this.connection.onRequest(RegistrationRequest.type, ({ registrations }) => {
      this.registrations.push(...registrations);
      this.#wake();
    });
    this.connection.onRequest('workspace/configuration', () => [this.settings]);
    this.connection.onRequest('workspace/codeLens/refresh', () => {
      this.lensRefreshes++;
      this.#wake();
      return null;
    });
    this.connection.onNotification(PublishDiagnosticsNotification.type, ({ uri, version, diagnostics }) => {
      this.#diagnostics.set(uri, { version: version ?? -1, list: diagnostics });
      this.#wake();
    });
    this.connection.listen();
  }

  static async start({ capabilities = dynamic, settings = {}, translations }: ClientOptions = {}): Promise<Client> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'unikernel-language-')));
    const bundle = join(folder, 'bundle.l10n.json');
    writeFileSync(bundle, JSON.stringify(translations ?? {}));
    const env = { ...process.env, [TRANSLATIONS]: bundle };
    const child = spawn(process.execPath, [main, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'], env });
    const client = new Client(child, folder, settings);
    try {
      client.initialized = await client.connection.sendRequest('initialize', {
        processId: process.pid,
        rootUri: null,
        capabilities,
      });
      await client.connection.sendNotification('initialized', {});
    } catch (error) {
      child.kill();
      client.connection.dispose();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
    return client;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      const ended = once(this.#child, 'exit');
      await this.connection.sendRequest('shutdown');
      await this.connection.sendNotification('exit');
      await ended;
    }
    this.connection.dispose();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** The server's process. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  uri(name: string): string {
    return pathToFileURL(this.path(name)).href;
  }

  write(name: string, content: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
  }

  /** Opens a document without writing it to the disk. */
  async open(name: string, text: string, languageId = MANIFEST_LANGUAGE): Promise<string> {
    const uri = this.uri(name);
    this.#documents.set(uri, TextDocument.create(uri, languageId, 1, text));
    await this.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId, version: 1, text },
    });
    return uri;
  }

  text(uri: string): string {
    return this.#document(uri).getText();
  }

  #document(uri: string): TextDocument {
    const document = this.#documents.get(uri);
    if (!document) {
      throw new Error(`${uri} is not open`);
    }
    return document;
  }

  /** Edits an open document, here and there; the edits may be those that the server told. */
  async edit(uri: string, edits: TextEdit[]): Promise<void> {
    const document = this.#document(uri);
    const text = TextDocument.applyEdits(document, edits);
    const version = document.version + 1;
    // One change a time, from the end: as editors send what does not overlap.
    const contentChanges = [...edits]
      .sort((a, b) => document.offsetAt(b.range.start) - document.offsetAt(a.range.start))
      .map(({ range, newText }) => ({ range, text: newText }));
    this.#documents.set(uri, TextDocument.create(uri, document.languageId, version, text));
    await this.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges,
    });
  }

  /** Asks about the place of `|` in `marked`, a piece of the document's text that is there once. */
  async at<T>(method: string, uri: string, marked: string, more: object = {}): Promise<T> {
    const document = this.#document(uri);
    const start = document.getText().indexOf(marked.replace('|', ''));
    if (start < 0) {
      throw new Error(`${marked} is not in the document`);
    }
    const position = document.positionAt(start + Math.max(marked.indexOf('|'), 0));
    return await this.ask(method, uri, { position, ...more });
  }

  async ask<T>(method: string, uri: string, more: object = {}): Promise<T> {
    return await this.connection.sendRequest(`textDocument/${method}`, { textDocument: { uri }, ...more });
  }

  /** The document's text between two places. */
  slice(uri: string, range: Diagnostic['range']): string {
    return this.#document(uri).getText(range);
  }

  /** The diagnostics of the document's last version, once `isWanted` is content with them. */
  async diagnostics(uri: string, isWanted: (codes: string[]) => boolean): Promise<Diagnostic[]> {
    const codes = () => this.#diagnostics.get(uri)?.list.map(({ code }) => String(code)) ?? [];
    await this.until(() => {
      const found = this.#diagnostics.get(uri);
      return found?.version === this.#document(uri).version && isWanted(codes());
    }, () => `the diagnostics are ${codes().join(', ') || 'none'}`); // biome-ignore format: a condition and its name
    return this.#diagnostics.get(uri)?.list ?? [];
  }

  /** Resolves when a message has made `isTrue` true. */
  async until(isTrue: () => boolean, say: () => string): Promise<void> {
    if (isTrue()) {
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`After ${LIMIT_MS} ms ${say()}`));
      }, LIMIT_MS);
      const look = () => {
        if (isTrue()) {
          clearTimeout(late);
          this.#waiting.delete(look);
          resolve();
        }
      };
      this.#waiting.add(look);
    });
  }

  #wake(): void {
    for (const look of [...this.#waiting]) {
      look();
    }
  }
}
