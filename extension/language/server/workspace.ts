/** The open documents, what is known of their surroundings, and the diagnostics that follow from both. */
import { fileURLToPath } from 'node:url';
import { CodeLensRefreshRequest, type Connection, type TextDocuments } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { isLaunchFile } from '../protocol.ts';
import { commandLineDiagnostics } from './command-line/features.ts';
import { kernelOfWorkspace } from './command-line/launch-file.ts';
import { HostFiles } from './host-files.ts';
import { diagnostics } from './manifest/diagnostics.ts';
import { ManifestDocument } from './manifest/document.ts';
import { findSurroundings, type ManifestSettings } from './surroundings.ts';

/** After the last change, before the diagnostics are made. */
const QUIET_MS = 120;
/** The host's files are looked at again when a changed document was last checked so long ago. */
const FRESH_MS = 3_000;
const MAX_TEXT = 16 << 20;

export class Workspace {
  /** Grows each time when something new is known of the host's files. */
  generation = 0;
  readonly #connection: Connection;
  readonly #documents: TextDocuments<TextDocument>;
  readonly files = new HostFiles();
  readonly #manifests = new Map<string, ManifestDocument>();
  readonly #kernels = new Map<string, string | undefined>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #ready = new Map<string, Promise<void>>();
  readonly #looked = new Map<string, Promise<void>>();
  readonly #checked = new Map<string, number>();
  #canRefreshLenses = false;
  #canConfigure = false;

  constructor(connection: Connection, documents: TextDocuments<TextDocument>) {
    this.#connection = connection;
    this.#documents = documents;
  }

  setClient(canRefreshLenses: boolean, canConfigure: boolean): void {
    this.#canRefreshLenses = canRefreshLenses;
    this.#canConfigure = canConfigure;
  }

  /** The manifest at `uri` as it is now; undefined for other documents. */
  manifest(uri: string): ManifestDocument | undefined {
    const manifest = this.#manifests.get(uri);
    const document = this.#documents.get(uri);
    if (manifest && document) {
      manifest.update(document);
    }
    return manifest;
  }

  /** The open launch.json at `uri`, and the kernel of configurations that name none. */
  launchFile(uri: string): { document: TextDocument; kernel: string | undefined } | undefined {
    const document = this.#documents.get(uri);
    return document && isLaunchFile(uri) ? { document, kernel: this.#kernels.get(uri) } : undefined;
  }

  /** Resolves when the surroundings of an opened document are known. */
  async ready(uri: string): Promise<void> {
    await this.#ready.get(uri);
  }

  /** Resolves when the host's files of an opened document were looked at. */
  async looked(uri: string): Promise<void> {
    await this.#looked.get(uri);
  }

  async opened(document: TextDocument): Promise<void> {
    const { uri } = document;
    const ready = this.#open(document);
    const looked = ready.then(() => this.#check(uri, 0));
    this.#ready.set(
      uri,
      ready.catch(() => {}),
    );
    this.#looked.set(
      uri,
      looked.catch(() => {}),
    );
    await looked;
  }

  async #open(document: TextDocument): Promise<void> {
    const { uri } = document;
    if (document.getText().length > MAX_TEXT) {
      return;
    }
    if (isLaunchFile(uri)) {
      this.#kernels.set(uri, await kernelOfWorkspace(uri));
    } else {
      const manifest = new ManifestDocument(document, this.files);
      this.#manifests.set(uri, manifest);
      await this.#findSurroundings(manifest, document);
    }
  }

  closed(uri: string): void {
    clearTimeout(this.#timers.get(uri));
    for (const map of [this.#timers, this.#manifests, this.#kernels, this.#checked, this.#ready, this.#looked]) {
      map.delete(uri);
    }
    void this.#connection.sendDiagnostics({ uri, diagnostics: [] });
  }

  changed(uri: string): void {
    clearTimeout(this.#timers.get(uri));
    const isOld = performance.now() - (this.#checked.get(uri) ?? 0) > FRESH_MS;
    this.#timers.set(
      uri,
      setTimeout(() => void this.#check(uri, isOld ? FRESH_MS : undefined).catch(() => {}), QUIET_MS),
    );
  }

  /** Looks at everything again: a save, a build, the window's focus, other settings. */
  async refresh(uris: Iterable<string> = this.#documents.keys()): Promise<void> {
    for (const uri of uris) {
      const document = this.#documents.get(uri);
      const manifest = this.manifest(uri);
      if (document && manifest) {
        await this.#findSurroundings(manifest, document);
      }
      await this.#check(uri, 0);
    }
  }

  async #findSurroundings(manifest: ManifestDocument, document: TextDocument): Promise<void> {
    if (document.uri.startsWith('file:')) {
      const settings = await this.#settings(document.uri);
      manifest.surroundings = await findSurroundings(fileURLToPath(document.uri), document.getText(), settings);
    }
  }

  async #settings(uri: string): Promise<ManifestSettings> {
    if (!this.#canConfigure) {
      return {};
    }
    const settings: unknown = await this.#connection.workspace.getConfiguration({
      scopeUri: uri,
      section: 'unikernel.manifest',
    });
    return typeof settings === 'object' && settings !== null ? settings : {};
  }

  /** Tells the diagnostics by what is known, then again when the host's files tell more. */
  async #check(uri: string, maxAgeMs: number | undefined): Promise<void> {
    const launch = this.launchFile(uri);
    const manifest = this.manifest(uri);
    if (launch) {
      const { document, kernel } = launch;
      this.#publish(uri, document.version, commandLineDiagnostics(document, kernel));
    } else if (manifest) {
      const { version } = manifest;
      this.#publish(uri, version, diagnostics(manifest));
      const isNew = manifest.isForeign ? false : await manifest.load(maxAgeMs);
      this.#checked.set(uri, performance.now());
      if (!isNew) {
        return;
      }
      this.generation++;
      if (this.manifest(uri)?.version === version) {
        this.#publish(uri, version, diagnostics(manifest));
      }
      if (this.#canRefreshLenses) {
        void this.#connection.sendRequest(CodeLensRefreshRequest.type).catch(() => {});
      }
    }
  }

  #publish(uri: string, version: number, found: ReturnType<typeof diagnostics>): void {
    if (this.#documents.get(uri)) {
      void this.#connection.sendDiagnostics({ uri, version, diagnostics: found });
    }
  }
}
