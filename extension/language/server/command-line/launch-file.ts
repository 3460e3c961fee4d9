/** The kernel command lines of a `launch.json` or a `.code-workspace`: where they stand, and for which kernel they are. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNodeAtLocation, getNodeValue, type Node, parseTree } from 'jsonc-parser';
import { readScript } from '../surroundings.ts';
import type { Dialect } from './model.ts';
import { osv } from './osv.ts';
import { sprout } from './sprout.ts';

export interface EmbeddedLine {
  /** The command line, without JSON's escapes. */
  text: string;
  /** Where each UTF-16 unit of `text` stands in the document, and one more: where the string ends. */
  offsets: readonly number[];
  /** Undefined: a kernel whose options are not known. */
  dialect: Dialect | undefined;
}

const MAX_CONFIGURATIONS = 200;

/** All command lines of configurations of type `unikernel`. `defaultKernel`: of those that name none. */
export function findCommandLines(json: string, defaultKernel: string | undefined): EmbeddedLine[] {
  const root = parseTree(json, [], { allowTrailingComma: true });
  const lists = [['configurations'], ['launch', 'configurations']].map(
    (path) => root && findNodeAtLocation(root, path),
  );
  const lines: EmbeddedLine[] = [];
  for (const node of lists.flatMap((list) => (list?.type === 'array' ? (list.children ?? []) : []))) {
    const value = findNodeAtLocation(node, ['commandLine']);
    if (lines.length < MAX_CONFIGURATIONS && textOf(node, 'type') === 'unikernel' && value?.type === 'string') {
      lines.push({ ...decodeString(json, value), dialect: dialectOf(textOf(node, 'kernel') ?? defaultKernel) });
    }
  }
  return lines;
}

function textOf(node: Node, name: string): string | undefined {
  const value: unknown = getNodeValue(findNodeAtLocation(node, [name]) ?? node);
  return typeof value === 'string' ? value : undefined;
}

/** By the kernel's name, or by the name of its ELF. */
export function dialectOf(kernel: string | undefined): Dialect | undefined {
  const name = kernel?.split('/').at(-1) ?? '';
  if (kernel === 'sprout' || /^sprout.*\.elf$/.test(name)) {
    return sprout;
  }
  return kernel === 'osv' || /^loader(-stripped)?\.elf$/.test(name) ? osv : undefined;
}

function decodeString(json: string, node: Node): { text: string; offsets: number[] } {
  const end = node.offset + node.length - 1;
  const offsets: number[] = [];
  let text = '';
  for (let at = node.offset + 1; at < end; ) {
    offsets.push(at);
    if (json[at] !== '\\') {
      text += json[at];
      at++;
    } else if (json[at + 1] === 'u') {
      text += String.fromCharCode(Number.parseInt(json.slice(at + 2, at + 6), 16) || 0);
      at += 6;
    } else {
      const simple: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };
      const character = json[at + 1] ?? '';
      text += simple[character] ?? character;
      at += 2;
    }
  }
  offsets.push(end);
  return { text, offsets };
}

/** The kernel of the workspace folder that a launch.json belongs to, as F5 finds it. */
export async function kernelOfWorkspace(uri: string): Promise<string | undefined> {
  if (!uri.startsWith('file:')) {
    return undefined;
  }
  const folder = join(dirname(fileURLToPath(uri)), uri.endsWith('/.vscode/launch.json') ? '..' : '.');
  for (const place of ['.', 'kernel']) {
    if (/^\s*project\s*\(\s*sprout\b/m.test(await readScript(join(folder, place, 'CMakeLists.txt')))) {
      return 'sprout';
    }
  }
  const marks = await Promise.all(['loader.cc', 'scripts/build'].map((file) => readScript(join(folder, file))));
  return marks.every((text) => text !== '') ? 'osv' : undefined;
}
