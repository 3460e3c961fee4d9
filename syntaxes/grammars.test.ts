/** The TextMate grammars as VS Code applies them: each sample, and real files, with the scopes of every piece. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import oniguruma from 'vscode-oniguruma';
import textmate, { type IGrammar } from 'vscode-textmate';

const folder = import.meta.dirname;
const grammars = {
  'source.unikernel-manifest': 'image-manifest.tmLanguage.json',
  'source.linkerscript': 'linker-script.tmLanguage.json',
  'text.unikernel-console': 'kernel-console.tmLanguage.json',
};

let registry: InstanceType<typeof textmate.Registry>;
beforeAll(async () => {
  const wasm = readFileSync(createRequire(import.meta.url).resolve('vscode-oniguruma/release/onig.wasm'));
  await oniguruma.loadWASM(wasm);
  registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns: string[]) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text: string) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async (scope) => {
      const file = grammars[scope as keyof typeof grammars];
      return file ? textmate.parseRawGrammar(readFileSync(join(folder, file), 'utf8'), file) : null;
    },
  });
});

async function grammarOf(scope: keyof typeof grammars): Promise<IGrammar> {
  const grammar = await registry.loadGrammar(scope);
  if (!grammar) {
    throw new Error(`${scope} has no grammar`);
  }
  return grammar;
}

/** Each line, and under it each piece that has more than the grammar's own scope: `^^^ scope scope`. */
function annotate(grammar: IGrammar, text: string): string {
  let state = textmate.INITIAL;
  const annotated: string[] = [];
  for (const line of text.split('\n')) {
    annotated.push(`>${line}`);
    const result = grammar.tokenizeLine(line, state);
    state = result.ruleStack;
    for (const { startIndex, endIndex, scopes } of result.tokens) {
      // Blanks are worth a line only where they are wrong.
      const isBlank = line.slice(startIndex, endIndex).trim() === '';
      if (scopes.length > (isBlank ? 2 : 1)) {
        const marks = '^'.repeat(endIndex - startIndex);
        annotated.push(`#${' '.repeat(startIndex)}${marks} ${scopes.slice(1).join(' ')}`);
      }
    }
  }
  return annotated.join('\n');
}

describe('samples', () => {
  const samples = {
    'usr.manifest': 'source.unikernel-manifest',
    'linker.ld': 'source.linkerscript',
    'kernel.console.log': 'text.unikernel-console',
  } as const;

  test('each sample has a snapshot', () => {
    const files = readdirSync(join(folder, 'samples')).filter((name) => !name.endsWith('.snap'));
    expect(files.sort()).toEqual(Object.keys(samples).sort());
  });

  for (const [file, scope] of Object.entries(samples)) {
    test(file, async () => {
      const text = readFileSync(join(folder, 'samples', file), 'utf8');
      const snapshot = join(folder, 'samples', `${file}.snap`);
      await expect(`${annotate(await grammarOf(scope), text.trimEnd())}\n`).toMatchFileSnapshot(snapshot);
    });
  }
});

test('every line of Sprout’s linker script is understood, down to its symbols', async () => {
  const text = readFileSync(join(folder, '../kernel/arch/x64/linker.ld'), 'utf8');
  const grammar = await grammarOf('source.linkerscript');
  let state = textmate.INITIAL;
  const plain = new Set<string>();
  for (const line of text.split('\n')) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    for (const { startIndex, endIndex, scopes } of tokens) {
      if (scopes.length === 1) {
        plain.add(line.slice(startIndex, endIndex).trim());
      }
    }
  }
  // What is left is names.
  expect([...plain].filter((piece) => !/^[\w]*$/.test(piece))).toEqual([]);
});

test('the manifest’s grammar is contributed with the languages that use it', () => {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, '../package.json'), 'utf8'));
  const { contributes } = manifest as {
    contributes: { languages: { id: string }[]; grammars: { language: string; scopeName: string; path: string }[] };
  };
  expect(contributes.grammars.map(({ scopeName, path }) => [scopeName, path])).toEqual(
    Object.entries(grammars).map(([scope, file]) => [scope, `./syntaxes/${file}`]),
  );
  const ids = new Set(contributes.languages.map(({ id }) => id));
  expect(contributes.grammars.filter(({ language }) => !ids.has(language))).toEqual([]);
});
