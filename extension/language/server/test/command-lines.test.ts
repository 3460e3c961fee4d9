/** The language server on the kernel command lines of a launch.json, over a real connection to its process. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CodeAction, CompletionList, Hover, TextEdit } from 'vscode-languageserver/node';
import { Client } from './client.ts';

let client: Client;
beforeAll(async () => {
  client = await Client.start();
  client.write('sprout/CMakeLists.txt', 'project(sprout CXX)\n');
});
afterAll(() => client?.stop());

let count = 0;
/** A launch.json with one configuration. */
async function open(
  commandLine: string,
  kernel: string | undefined = 'sprout',
  folder = `f${count++}`,
): Promise<string> {
  const configuration = { type: 'unikernel', request: 'launch', name: 'x', ...(kernel && { kernel }), commandLine };
  const text = JSON.stringify({ version: '0.2.0', configurations: [configuration] }, null, 2);
  return await client.open(`${folder}/.vscode/launch.json`, text, 'jsonc');
}

async function messages(uri: string, number: number): Promise<string[]> {
  const found = await client.diagnostics(uri, (codes) => codes.length === number);
  return found.map(({ message, range }) => `${client.slice(uri, range)}: ${message}`);
}

async function complete(commandLine: string, kernel?: string): Promise<string[]> {
  const marked = commandLine.includes('|') ? commandLine : `${commandLine}|`;
  const uri = await open(marked.replace('|', ''), kernel);
  const { items } = await client.at<CompletionList>('completion', uri, `"commandLine": ${JSON.stringify(marked)}`);
  return items.map(({ label }) => label);
}

test('mistakes in the kernel’s words, where they are, also behind escapes', async () => {
  const uri = await open('--env NAME="Ada" echo "$NAME"; workload threads=0');
  expect(await messages(uri, 1)).toEqual(['threads=0: The value of threads must be a number from 1 to 50000.']);
  const other = await open('--panik=halt hello');
  expect(await messages(other, 1)).toEqual(['--panik=halt: There is no option --panik; --help lists them.']);
  const quoted = await open('echo "a');
  expect(await messages(quoted, 1)).toEqual(['\\"a: This quote is never closed.']);
});

test('OSv’s own options', async () => {
  const uri = await open('--rotfs=rofs /hello', 'osv');
  expect(await messages(uri, 1)).toEqual(['--rotfs=rofs: OSv has no option --rotfs: it powers off.']);
});

test('a configuration without a kernel takes that of its folder; another kernel is left alone', async () => {
  const uri = await open('--panik', '', 'sprout');
  expect(await messages(uri, 1)).toHaveLength(1);
  const other = await open('--panik', 'vmlinux.elf');
  expect(await messages(other, 0)).toEqual([]);
});

test('completion of options, values, programs and their words', async () => {
  const options = await complete('');
  expect(options).toEqual(expect.arrayContaining(['--panic=', '--help', '--trace=', 'workload', 'hello']));
  expect(await complete('--panic=')).toEqual(['exit', 'halt', 'reboot']);
  expect(await complete('--panic ')).toEqual(['exit', 'halt', 'reboot']);
  expect(await complete('--trace=lock,')).toContain('switch');
  expect(await complete('workload thr')).toEqual(expect.arrayContaining(['threads=', 'deadlock']));
  expect(await complete('workload --')).toContain('--threads=');
  expect(await complete('workload seconds=')).toEqual(['forever']);
  expect(await complete('hello; --lo')).toContain('--log=');
  expect(await complete('--rootfs=', 'osv')).toEqual(['rofs', 'zfs', 'ramfs', 'virtiofs', 'ext']);
  expect(await complete('/hello --', 'osv')).toEqual([]);
});

test('an accepted item replaces what was typed', async () => {
  const uri = await open('--pa hello');
  const { items } = await client.at<CompletionList>('completion', uri, '--pa| hello');
  await client.edit(uri, [items.find(({ label }) => label === '--panic=')?.textEdit as TextEdit]);
  expect(client.text(uri)).toContain('"--panic= hello"');
});

test('hover documents options, values, programs and words', async () => {
  const uri = await open('--trace switch --log=quiet workload threads=8');
  const text = async (marked: string) => {
    const hover = await client.at<Hover | null>('hover', uri, marked);
    return hover ? [(hover.contents as { value: string }).value, client.slice(uri, hover.range ?? fail())] : [];
  };
  expect(await text('--tra|ce')).toEqual([expect.stringContaining('trace rings'), '--trace']);
  expect(await text('swi|tch')).toEqual([expect.stringContaining('trace rings'), 'switch']);
  expect(await text('--log=qui|et')).toEqual([expect.stringContaining('How much the kernel says'), '--log=quiet']);
  expect(await text('work|load')).toEqual([expect.stringContaining('a program of Sprout'), 'workload']);
  expect(await text('thr|eads')).toEqual([expect.stringContaining('Workers'), 'threads=8']);
  expect(await client.at('hover', uri, '"ver|sion"')).toBeNull();
});

test('the quick fix mends the line', async () => {
  const uri = await open('--panik=halt hello');
  const diagnostics = await client.diagnostics(uri, (codes) => codes.length === 1);
  const range = diagnostics[0]?.range;
  const [action] = await client.ask<CodeAction[]>('codeAction', uri, { range, context: { diagnostics } });
  expect(action?.title).toBe('Change it to "--panic=halt"');
  await client.edit(uri, action?.edit?.changes?.[uri] ?? []);
  expect(await messages(uri, 0)).toEqual([]);
  expect(client.text(uri)).toContain('"--panic=halt hello"');
});

function fail(): never {
  throw new Error('The hover has no range');
}
