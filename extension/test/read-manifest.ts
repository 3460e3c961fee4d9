/** The extension's manifest as VS Code reads it: `%key%` replaced by the text of package.nls.json. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository. */
export const root = join(import.meta.dirname, '../..');

/** Texts by key; none where the manifest still has its own. */
export function manifestTexts(): Record<string, string> {
  const file = join(root, 'package.nls.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/** The manifest with its placeholders. */
// biome-ignore lint/suspicious/noExplicitAny: a manifest has no type of its own.
export function rawManifest(): any {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}

/** The manifest with its texts. @throws Error when a placeholder has no text. */
export function readManifest(): ReturnType<typeof rawManifest> {
  const texts = manifestTexts();
  const resolve = (value: unknown): unknown => {
    if (typeof value === 'string') {
      return value.replace(/^%([\w.-]+)%$/, (_all, key: string) => {
        const text = texts[key];
        if (text === undefined) {
          throw new Error(`package.nls.json has no text ${key}`);
        }
        return text;
      });
    }
    if (Array.isArray(value)) {
      return value.map(resolve);
    }
    return value && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one)]))
      : value;
  };
  return resolve(rawManifest());
}
