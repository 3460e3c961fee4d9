/** What the journeys know of Sprout's tree: read from it, so that an edit there moves nothing here. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sprout } from './places.ts';

/** The first line of `file` (a path in Sprout's tree) that contains `text`, after the first that contains `after`. */
export async function lineOf(file: string, text: string, after = ''): Promise<number> {
  const lines = (await readFile(join(sprout, file), 'utf8')).split('\n');
  const start = lines.findIndex((line) => line.includes(after));
  const found = lines.findIndex((line, index) => index > start && line.includes(text));
  if (start < 0 || found < 0) {
    throw new Error(`${file} has no line with “${text}” after “${after}”`);
  }
  return found + 1;
}

/** Writes `folder`/.vscode/launch.json. */
export async function writeLaunchConfiguration(
  folder: string,
  ...given: readonly Record<string, unknown>[]
): Promise<void> {
  await mkdir(join(folder, '.vscode'), { recursive: true });
  const configurations = given.map((one) => ({ type: 'unikernel', request: 'launch', name: 'Journey', ...one }));
  await writeFile(join(folder, '.vscode/launch.json'), JSON.stringify({ version: '0.2.0', configurations }, null, 2));
}
