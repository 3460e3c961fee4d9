/** The manifest's schema of configurations and what the adapter takes are one. */
import { readFile } from 'node:fs/promises';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, test } from 'vitest';
import type { AttachArguments, CommonArguments, LaunchArguments } from '../../debug-adapter/protocol.ts';
import { readManifest } from '../test/read-manifest.ts';

type JsonType = 'string' | 'integer' | 'boolean' | 'array' | 'object';
type Own<T, Base> = Record<Exclude<keyof T, keyof Base>, JsonType | JsonType[]>;

/** Every property of each interface, with its JSON type: the compiler holds these lists to protocol.ts. */
const common: Own<CommonArguments, unknown> = {
  kernel: 'string',
  cwd: 'string',
  sourceMap: 'object',
  gdb: 'string',
  logFile: 'string',
};
const launch: Own<LaunchArguments, DebugProtocol.LaunchRequestArguments> = {
  ...common,
  memory: 'string',
  cpus: 'integer',
  machine: 'string',
  accelerator: 'string',
  commandLine: 'string',
  disks: 'array',
  networks: 'array',
  stopAtEntry: 'boolean',
  snapshotOnPanic: ['boolean', 'string'],
  qemu: 'string',
  extraQemuArguments: 'array',
  build: 'array',
  osv: 'object',
  buildEnvironment: 'object',
};
const attach: Own<AttachArguments, DebugProtocol.AttachRequestArguments> = {
  ...common,
  qmp: 'string',
  gdbServer: 'string',
  core: 'string',
};

interface Attribute {
  type: string;
  markdownDescription?: string;
  default?: unknown;
  enum?: string[];
  markdownEnumDescriptions?: string[];
}
interface Snippet {
  label: string;
  body: Record<string, unknown>;
}
const manifest = readManifest();
const [debuggerEntry] = manifest.contributes.debuggers;

test.each([
  ['launch', launch],
  ['attach', attach],
] as const)('the schema of %s has the properties of its interface, no more and no less', (request, expected) => {
  const properties: Record<string, Attribute> = debuggerEntry.configurationAttributes[request].properties;
  const types = Object.fromEntries(Object.entries(properties).map(([name, { type }]) => [name, type]));
  expect(types).toEqual(expected);
});

test('every attribute is described, and every choice of an enumeration', () => {
  for (const request of ['launch', 'attach']) {
    const properties: Record<string, Attribute> = debuggerEntry.configurationAttributes[request].properties;
    for (const [name, attribute] of Object.entries(properties)) {
      expect(attribute.markdownDescription, name).toMatch(/[.!]$/);
      expect(attribute.markdownEnumDescriptions?.length, name).toBe(attribute.enum?.length);
    }
  }
});

test('snippets name only properties of the schema', () => {
  for (const { label, body } of debuggerEntry.configurationSnippets as Snippet[]) {
    const { type, request, name, ...rest } = body;
    expect([type, typeof name], label).toEqual(['unikernel', 'string']);
    const known = Object.keys(debuggerEntry.configurationAttributes[String(request)].properties);
    expect(known, label).toEqual(expect.arrayContaining(Object.keys(rest)));
  }
});

test('nothing in the manifest names a file that is not there', async () => {
  const icons = [manifest.icon, manifest.contributes.viewsContainers.activitybar[0].icon];
  for (const icon of icons) {
    expect((await readFile(new URL(`../../${icon}`, import.meta.url))).length).toBeGreaterThan(0);
  }
});

test("the problem matcher reads gcc's errors, warnings and notes", () => {
  const { regexp, file, line, column, severity, message } = manifest.contributes.problemMatchers[0].pattern;
  const read = (text: string) => {
    const match = new RegExp(regexp).exec(text);
    return match && [file, line, column, severity, message].map((group: number) => match[group]);
  };
  expect(read('/k/mm/page.cc:12:7: error: expected ‘;’ before ‘}’ token')).toEqual([
    '/k/mm/page.cc',
    '12',
    '7',
    'error',
    'expected ‘;’ before ‘}’ token',
  ]);
  expect(read('core/print.hh:3:10: fatal error: nothing.hh: No such file or directory')?.[3]).toBe('error');
  expect(read('boot.S:9: warning: value too big')).toEqual(['boot.S', '9', undefined, 'warning', 'value too big']);
  expect(read('ninja: build stopped: subcommand failed.')).toBeNull();
});
