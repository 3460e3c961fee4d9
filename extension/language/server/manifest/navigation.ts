/** Definition, references and rename: of guest paths, of links to them, of variables, and of the host's files. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as l10n from '@vscode/l10n';
import type { DocumentLink, Location, LocationLink, Position, Range, TextEdit } from 'vscode-languageserver/node';
import type { Piece, Span } from '../../../../kernel/image/manifest.ts';
import { guestPath, linkTarget, type Placed, treesAbove } from '../../../../kernel/image/manifest-layout.ts';
import type { ManifestDocument } from './document.ts';
import { nameAt, spanRange, type Target, targetAt } from './target.ts';

const TOP: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/** Where what is under the cursor comes from: the host's file, or the entry that makes a link's target. */
export function definition(document: ManifestDocument, position: Position): LocationLink[] {
  const target = targetAt(document, position);
  const placed = target && document.placed(target.line);
  if (!target || !placed) {
    return [];
  }
  if (target.part === 'link') {
    const guest = linkTarget(placed.guest, target.piece.text);
    return definersOf(document, guest).map((found) => toEntry(document, found, target));
  }
  return fileOf(document, placed, target);
}

/** The entries that bring a guest path: its own, or the trees that hold it. */
function definersOf(document: ManifestDocument, guest: string): Placed[] {
  const own = document.layout.winners.get(guest) ?? document.layout.trees.get(guest)?.at(-1);
  if (own) {
    return [own];
  }
  const trees = [...treesAbove(document.layout, guest)];
  const known = trees.filter(({ tree, below }) => {
    const files = document.files.tree(document.hostPath(tree.host) ?? '');
    return files?.files.has(below) || files?.folders.has(below);
  });
  return known.map(({ tree }) => tree);
}

function toEntry(document: ManifestDocument, placed: Placed, from: Target): LocationLink {
  const range = spanRange(placed.line, placed.entry.guest);
  return {
    originSelectionRange: spanRange(from.line, from.piece),
    targetUri: document.uri,
    targetRange: range,
    targetSelectionRange: range,
  };
}

function fileOf(document: ManifestDocument, placed: Placed, target: Target): LocationLink[] {
  const path = document.hostPath(placed.host);
  if (placed.entry.isLink || path === undefined || document.fact(placed)?.kind !== 'file') {
    return [];
  }
  return [
    {
      originSelectionRange: spanRange(target.line, target.piece),
      targetUri: pathToFileURL(path).href,
      targetRange: TOP,
      targetSelectionRange: TOP,
    },
  ];
}

/** Everything that names what is under the cursor: a variable, or a guest path with the links to it and the entries below it. */
export function references(document: ManifestDocument, position: Position): Location[] {
  const found = symbolAt(document, position);
  return (found?.places ?? []).map(({ line, ...span }) => ({ uri: document.uri, range: spanRange(line, span) }));
}

interface Place extends Span {
  line: number;
}
interface SymbolAt {
  /** The name that a rename replaces, where the cursor is. */
  name: Piece;
  line: number;
  places: Place[];
  isVariable: boolean;
}

function symbolAt(document: ManifestDocument, position: Position): SymbolAt | undefined {
  const target = targetAt(document, position);
  if (!target) {
    return undefined;
  }
  const { line, variable } = target;
  if (variable) {
    return { name: variable.name, line, places: variablePlaces(document, variable.name.text), isVariable: true };
  }
  const path = guestPathAt(target, position.character);
  if (path === undefined) {
    return undefined;
  }
  const name = nameAt(target.piece, position.character);
  return { name, line, places: guestPlaces(document, path), isVariable: false };
}

/** The guest path that ends with the name under the cursor. Of the host's side, the whole guest path of the entry. */
function guestPathAt({ part, piece, entry }: Target, character: number): string | undefined {
  const name = nameAt(piece, character);
  if (part === 'host' || name.text === '' || name.text === '**' || name.text === '&') {
    return undefined;
  }
  const upTo = piece.text.slice(0, name.end - piece.start);
  return part === 'guest' ? guestPath(upTo.replace('/&/', '/')) : linkTarget(guestPath(entry.guest.text), upTo);
}

function variablePlaces(document: ManifestDocument, name: string): Place[] {
  const places: Place[] = [];
  document.manifest.lines.forEach((line, number) => {
    for (const variable of line.kind === 'entry' ? line.variables : []) {
      if (variable.name.text === name) {
        places.push({ line: number, start: variable.name.start, end: variable.name.end });
      }
    }
  });
  return places;
}

/** The name that stands for `path` in every entry at it or below it, and in every link that leads there. */
function guestPlaces(document: ManifestDocument, path: string): Place[] {
  const places: Place[] = [];
  const below = `${path}/`;
  for (const placed of document.layout.placed) {
    const { entry, line, guest } = placed;
    if (guest === path || guest.startsWith(below)) {
      put(places, line, entry.guest, path, (text) => guestPath(text.replace('/&/', '/')));
    }
    if (entry.isLink) {
      const target = linkTarget(guest, entry.path.text);
      if (target === path || target.startsWith(below)) {
        put(places, line, entry.path, path, (text) => linkTarget(guest, text));
      }
    }
  }
  return places;
}

/** Finds the name of `piece` that ends `path`. */
function put(places: Place[], line: number, piece: Piece, path: string, toPath: (text: string) => string): void {
  const { text } = piece;
  for (let start = 0; start <= text.length; ) {
    const slash = text.indexOf('/', start);
    const end = slash < 0 ? text.length : slash;
    const name = text.slice(start, end);
    if (name !== '' && name !== '.' && name !== '..' && name !== '&' && toPath(text.slice(0, end)) === path) {
      places.push({ line, start: piece.start + start, end: piece.start + end });
      return;
    }
    start = end + 1;
  }
}

/** Names that the builds themselves give to their variables. */
const BUILD_VARIABLES = new Set(['MODULE_DIR', 'OSV_BASE', 'libgcc_s_dir']);

/** What a rename would replace. Throws one sentence when there is nothing to rename. */
export function prepareRename(document: ManifestDocument, position: Position): { range: Range; placeholder: string } {
  const found = symbolAt(document, position);
  if (!found || found.places.length === 0) {
    throw new Error(
      l10n.t('A guest path, a link’s target or a variable can be renamed here; the host’s files cannot.'),
    );
  }
  if (found.isVariable && BUILD_VARIABLES.has(found.name.text)) {
    throw new Error(l10n.t('OSv’s build itself defines {0}: it cannot have another name.', found.name.text));
  }
  return { range: spanRange(found.line, found.name), placeholder: found.name.text };
}

export function rename(document: ManifestDocument, position: Position, newName: string): TextEdit[] {
  prepareRename(document, position);
  const found = symbolAt(document, position);
  const isGood = found?.isVariable
    ? /^[A-Za-z_]\w*$/.test(newName)
    : newName !== '' && newName.trim() === newName && !/[\n\r]|: |^[/#]|\/$|\/\/|^\.\.?$/.test(newName);
  if (!found || !isGood) {
    throw new Error(
      found?.isVariable
        ? l10n.t('A variable’s name is made of letters, digits and underscores.')
        : l10n.t('A guest path has no blank at its ends, no ": " and no empty name in it.'),
    );
  }
  return found.places.map(({ line, ...span }) => ({ range: spanRange(line, span), newText: newName }));
}

/** A link for each host path that is a file. */
export function documentLinks(document: ManifestDocument): DocumentLink[] {
  const links: DocumentLink[] = [];
  for (const placed of document.isForeign ? [] : document.layout.placed) {
    if (placed.entry.isLink || placed.entry.wildcard === 'tree' || document.fact(placed)?.kind !== 'file') {
      continue;
    }
    const path = document.hostPath(placed.host);
    if (path !== undefined) {
      links.push({ range: spanRange(placed.line, placed.entry.path), target: pathToFileURL(path).href });
    }
  }
  return links;
}

/** The host's file behind a guest path: an entry's own, or a tree's. */
export function hostFileOf(document: ManifestDocument, guest: string): string | undefined {
  const own = document.layout.winners.get(guest);
  if (own) {
    return own.entry.isLink ? undefined : document.hostPath(own.host);
  }
  for (const { tree, below } of treesAbove(document.layout, guest)) {
    const path = document.hostPath(tree.host);
    if (path !== undefined && document.files.tree(path)?.files.has(below)) {
      return join(path, below);
    }
  }
  return undefined;
}
