/** What the manifest contributes is whole: named, described, reachable, and not left over. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readManifest, root } from './test/read-manifest.ts';

interface Command {
  command: string;
  title: string;
  category?: string;
  icon?: string;
  enablement?: string;
}
interface MenuItem {
  command?: string;
  when?: string;
  group?: string;
}
interface Setting {
  type: string;
  default?: unknown;
  order?: number;
  description?: string;
  markdownDescription?: string;
}
interface WalkthroughStep {
  id: string;
  title: string;
  description: string;
  media: { image?: string; altText?: string };
  completionEvents?: string[];
}

const { contributes } = readManifest();
const commands: Command[] = contributes.commands;
const menus: Record<string, MenuItem[]> = contributes.menus;
const views: { id: string }[] = Object.values<{ id: string }[]>(contributes.views).flat();

/** All code that may set a context key or read a setting. */
const code = readdirSync(join(root, 'extension'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(root, 'extension', name), 'utf8'))
  .join('\n');

describe('commands', () => {
  test('each has a title and our category, once', () => {
    for (const { command, title, category } of commands) {
      expect(category, command).toBe('Unikernel');
      expect(title, command).toMatch(/^[A-Z]\S.*[^.]$/);
    }
    expect(new Set(commands.map(({ command }) => command)).size).toBe(commands.length);
    expect(commands.filter(({ command }) => !command.startsWith('unikernel.'))).toEqual([]);
  });

  test('menus offer only what is there, and buttons have icons', () => {
    const known = new Map(commands.map((one) => [one.command, one]));
    for (const [menu, items] of Object.entries(menus)) {
      for (const { command, group } of items) {
        if (command?.startsWith('unikernel.')) {
          expect(known.has(command), `${menu}: ${command}`).toBe(true);
          const isButton = /^(navigation|inline)/.test(group ?? '') && /^view\/(title|item)/.test(menu);
          expect(!isButton || known.get(command)?.icon, `${menu}: ${command} has no icon`).toBeTruthy();
        }
      }
    }
  });

  test('a command that the palette hides has another place', () => {
    const places = Object.entries(menus).filter(([menu]) => menu !== 'commandPalette');
    const hidden = (menus.commandPalette ?? []).filter(({ when }) => when === 'false');
    for (const { command } of hidden) {
      const isInMenu = places.some(([, items]) => items.some((item) => item.command === command));
      expect(isInMenu || code.includes(`'${command}'`), command).toBe(true);
    }
  });

  test('conditions ask only for context keys that something sets', () => {
    const conditions = [
      ...commands.map(({ enablement }) => enablement),
      ...Object.values(menus).flatMap((items) => items.map(({ when }) => when)),
      ...contributes.viewsWelcome.map(({ when }: MenuItem) => when),
      ...(contributes.keybindings ?? []).map(({ when }: MenuItem) => when),
    ].filter((condition) => condition !== undefined);
    const ids = new Set(views.map(({ id }) => id));
    for (const condition of conditions) {
      // Values that something is compared with are no keys.
      const keys = condition.replace(/(==|!=|=~)\s*(\/.*?\/(?=\s|$)|\S+)/g, '').match(/unikernel\.[\w.]+/g) ?? [];
      for (const key of keys) {
        expect(ids.has(key) || code.includes(`'${key}'`), `${condition}: nothing sets ${key}`).toBe(true);
      }
    }
  });
});

describe('settings', () => {
  const { configuration } = contributes;
  const settings: Record<string, Setting> = Object.assign(
    {},
    ...[configuration].flat().map((group: { properties: Record<string, Setting> }) => group.properties),
  );

  test('each is described in sentences, has a type, a default and a place of its own', () => {
    const orders = Object.values(settings).map(({ order }) => order);
    expect(new Set(orders).size).toBe(orders.length);
    for (const [name, setting] of Object.entries(settings)) {
      expect(setting.markdownDescription ?? setting.description, name).toMatch(/^[A-Z`].*\.$/s);
      expect(setting.type, name).toBeTruthy();
      expect(setting.default, name).toBeDefined();
    }
  });

  test('each is read by the code', () => {
    for (const name of Object.keys(settings)) {
      const last = name.replace(/^unikernel\.(manifest\.)?/, '');
      expect(new RegExp(`['.]?\\b${last.replaceAll('.', '\\.')}\\b`).test(code), name).toBe(true);
    }
  });
});

test('each view says what it is for while it is empty', () => {
  const welcomed = new Set(contributes.viewsWelcome.map(({ view }: { view: string }) => view));
  expect(views.filter(({ id }) => !welcomed.has(id))).toEqual([]);
});

test('links in texts run commands that are there', () => {
  const texts: string[] = [
    ...contributes.viewsWelcome.map(({ contents }: { contents: string }) => contents),
    ...contributes.walkthroughs.flatMap(({ steps }: { steps: WalkthroughStep[] }) =>
      steps.map(({ description }) => description),
    ),
  ];
  const linked = texts.flatMap((text) => [...text.matchAll(/\(command:(unikernel\.[\w.]+)/g)].map((match) => match[1]));
  expect(linked.length).toBeGreaterThan(5);
  const known = commands.map(({ command }) => command);
  expect(
    linked.filter((command) => !known.includes(String(command)) && !views.some(({ id }) => command === `${id}.focus`)),
  ).toEqual([]);
});

test('the steps of the walkthrough have pictures with a text, and are completed by something', () => {
  for (const { steps } of contributes.walkthroughs as { steps: WalkthroughStep[] }[]) {
    expect(steps.length).toBeGreaterThan(3);
    for (const { id, media, description, completionEvents = [] } of steps) {
      expect(existsSync(join(root, media.image ?? '')), `${id}: ${media.image}`).toBe(true);
      expect(media.altText, id).toMatch(/\w{3}/);
      expect(completionEvents.length > 0 || description.includes('](command:'), id).toBe(true);
    }
  }
});

test('icons and other files are there', () => {
  const files = JSON.stringify(contributes).match(/"(?:\.\/)?(?:extension|syntaxes|docs)\/[^"]+\.\w+"/g) ?? [];
  expect(files.length).toBeGreaterThan(8);
  expect(files.map((file) => JSON.parse(file)).filter((file) => !existsSync(join(root, file)))).toEqual([]);
});
