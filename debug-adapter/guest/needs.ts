/** What a kernel's awareness asks of a build, and whether the build has it. */

/** Something that is asked for by name. */
export interface Need {
  kind: 'symbol' | 'variable' | 'type' | 'field';
  /** Of a field: its structure's name, then its path in it. */
  name: string;
  found: boolean;
  /** The name that it was found by, where that is an alias. */
  as?: string;
  /** Without it a column is missing, and nothing else. */
  optional?: true;
}

/** Other names of types, and of fields as `structure.path`: what other versions of a kernel, or of its compiler's library, call them. */
export type Aliases = Readonly<Record<string, readonly string[]>>;

export class Needs {
  readonly #needs = new Map<string, Need>();

  /** @param as the name that it was found by; undefined: it was not */
  note(kind: Need['kind'], name: string, as: string | undefined, isOptional = false): void {
    const key = `${kind} ${name}`;
    const known = this.#needs.get(key);
    this.#needs.set(key, {
      kind,
      name,
      found: as !== undefined,
      ...(as !== undefined && as !== name && { as }),
      // Who cannot do without it decides.
      ...(isOptional && (known === undefined || known.optional) && { optional: true as const }),
    });
  }

  /** By kind, then by name. */
  get list(): Need[] {
    return [...this.#needs.values()].sort((a, b) => ORDER[a.kind] - ORDER[b.kind] || a.name.localeCompare(b.name));
  }
}

const ORDER: Record<Need['kind'], number> = { symbol: 0, variable: 1, type: 2, field: 3 };
