/** A language in which every text that can be translated stands in «», to find those that cannot. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { root } from './read-manifest.ts';

/** Its bundle. */
export function markedTexts(): Record<string, string> {
  const english = JSON.parse(readFileSync(join(root, 'l10n/bundle.l10n.json'), 'utf8')) as Record<string, string>;
  return Object.fromEntries(Object.keys(english).map((text) => [text, `«${text}»`]));
}

/** What `look` gives in a window of that language. */
export function inMarkedLanguage<T>(look: () => T): T {
  l10n.config({ contents: markedTexts() });
  try {
    return look();
  } finally {
    l10n.config({ contents: {} });
  }
}

/** Words of two letters or more that stand in no «»: units, addresses and what is called the same everywhere apart. */
export function wordsOutside(text: string): string[] {
  let rest = text.replace(/0x[0-9a-f]+/g, ' ');
  for (let before = ''; before !== rest; ) {
    before = rest;
    rest = rest.replace(/«[^«»]*»/g, ' ');
  }
  return (rest.match(/\p{L}{2,}/gu) ?? []).filter((word) => !/^([KMG]iB|ms|µs|ns|min|RAM|CPU)$/.test(word));
}
