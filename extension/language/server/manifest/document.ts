/** An open manifest: its parsed lines, its layout, and what is known of the host. Each is made once for a version. */
import { resolve } from 'node:path';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { foreignFormat, type Manifest, type ManifestLine, parseManifest } from '../../../../kernel/image/manifest.ts';
import { type CheckContext, checkManifest, type Finding } from '../../../../kernel/image/manifest-check.ts';
import { expandHost, type Layout, layOut, type Placed } from '../../../../kernel/image/manifest-layout.ts';
import type { HostFact, HostFiles } from '../host-files.ts';
import { isInside, isMade, type Surroundings } from '../surroundings.ts';

export class ManifestDocument {
  readonly uri: string;
  readonly files: HostFiles;
  #manifest: Manifest;
  #version: number;
  #layout: Layout | undefined;
  #placedByLine: Map<number, Placed> | undefined;
  #surroundings: Surroundings | undefined;
  readonly #paths = new Map<string, string | undefined>();
  readonly #made = new Map<string, boolean>();

  constructor(document: TextDocument, files: HostFiles) {
    this.uri = document.uri;
    this.files = files;
    this.#manifest = parseManifest(document.getText());
    this.#version = document.version;
  }

  /** Takes over the document's text when it has changed. */
  update(document: TextDocument): void {
    if (document.version !== this.#version) {
      this.#manifest = parseManifest(document.getText(), this.#manifest);
      this.#version = document.version;
      this.#layout = undefined;
      this.#placedByLine = undefined;
    }
  }

  get version(): number {
    return this.#version;
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  get layout(): Layout {
    this.#layout ??= layOut(this.#manifest);
    return this.#layout;
  }

  /** Another kind of manifest, of which nothing is said. */
  get isForeign(): boolean {
    return foreignFormat(this.#manifest) !== undefined;
  }

  get surroundings(): Surroundings | undefined {
    return this.#surroundings;
  }

  set surroundings(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#paths.clear();
    this.#made.clear();
  }

  line(number: number): ManifestLine | undefined {
    return this.#manifest.lines[number];
  }

  text(number: number): string {
    return this.#manifest.texts[number] ?? '';
  }

  /** The entry of a line with its paths. */
  placed(line: number): Placed | undefined {
    this.#placedByLine ??= new Map(this.layout.placed.map((one) => [one.line, one]));
    return this.#placedByLine.get(line);
  }

  /** The absolute path on this host of a host's path as written; undefined when a variable or the base is not known. */
  hostPath(written: string): string | undefined {
    const surroundings = this.#surroundings;
    if (!surroundings) {
      return undefined;
    }
    if (this.#paths.has(written)) {
      return this.#paths.get(written);
    }
    const expanded = expandHost(written, (name) => surroundings.variables.get(name)?.value);
    const { base } = surroundings;
    const path =
      expanded === undefined || expanded === '' || expanded.includes('\0') || (!expanded.startsWith('/') && !base)
        ? undefined
        : resolve(base ?? '/', expanded);
    if (this.#paths.size > 100_000) {
      this.#paths.clear();
    }
    this.#paths.set(written, path);
    return path;
  }

  /** What is remembered of an entry's host file. */
  fact(placed: Placed): HostFact | undefined {
    const path = placed.entry.isLink ? undefined : this.hostPath(placed.host);
    return path === undefined ? undefined : this.files.fact(path);
  }

  /** Looks at the host's files again, those that were looked at `maxAgeMs` ago. Resolves to whether anything is new. */
  async load(maxAgeMs?: number): Promise<boolean> {
    const paths: string[] = [];
    const trees: string[] = [];
    for (const placed of this.layout.placed) {
      const path = placed.entry.isLink ? undefined : this.hostPath(placed.host);
      if (path !== undefined) {
        paths.push(path);
        if (placed.entry.wildcard === 'tree') {
          trees.push(path);
        }
      }
    }
    const isNew = await this.files.load(paths, trees, maxAgeMs);
    if (isNew) {
      this.#made.clear();
    }
    return (await this.#findMade(paths)) || isNew;
  }

  /**
   * Which of the missing files a build makes. Where one that a module's recipe names is missing, the module was not built yet: then
   * nothing can be said of what else is missing in its folder, because a recipe need not name everything that it makes.
   */
  async #findMade(paths: string[]): Promise<boolean> {
    const surroundings = this.#surroundings;
    if (!surroundings) {
      return false;
    }
    const missing = paths.filter((path) => this.files.fact(path)?.kind === 'missing');
    let isNew = false;
    for (const path of missing) {
      if (!this.#made.has(path)) {
        this.#made.set(path, await isMade(path, surroundings));
        isNew = true;
      }
    }
    const own = surroundings.kind === 'module' ? missing.filter((path) => isInside(path, surroundings.folder)) : [];
    if (own.some((path) => this.#made.get(path))) {
      for (const path of own) {
        this.#made.set(path, true);
      }
    }
    return isNew;
  }

  /** Whether a missing path is one that a build makes; undefined when that is not known yet. */
  isMade(path: string): boolean | undefined {
    return this.#made.get(path);
  }

  /** What is wrong, as far as the host is known by now. */
  findings(): Finding[] {
    return this.isForeign ? [] : checkManifest(this.#manifest, this.layout, this.#context());
  }

  #context(): CheckContext {
    const surroundings = this.#surroundings;
    const kind = surroundings?.kind;
    return {
      isComplete: kind === 'plain' || kind === 'built',
      isKnown: (variable) => !surroundings || surroundings.variables.has(variable.name.text),
      host: (placed, below) => (below === undefined ? this.#kindOf(placed) : this.#kindBelow(placed, below)),
    };
  }

  #kindOf(placed: Placed): ReturnType<CheckContext['host']> {
    const fact = this.fact(placed);
    if (fact?.kind !== 'missing') {
      return fact?.kind;
    }
    const made = this.#made.get(this.hostPath(placed.host) ?? '');
    return made === undefined ? undefined : made ? 'made' : 'missing';
  }

  #kindBelow(tree: Placed, below: string): ReturnType<CheckContext['host']> {
    const path = this.hostPath(tree.host);
    const files = path === undefined ? undefined : this.files.tree(path);
    if (!files || files.isCut) {
      return undefined;
    }
    return files.files.has(below) ? 'file' : files.folders.has(below) ? 'folder' : 'missing';
  }
}
