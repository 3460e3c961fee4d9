/** The size map: the symbol-size tree as rectangles, in a panel of its own. */
import * as vscode from 'vscode';
import type { MapNode } from '../../debug-adapter/elf/sizes/messages.ts';
import { bytesOf, type TreeQuery } from '../../debug-adapter/elf/sizes/tree.ts';
import type { MapRow, ToHost, ToPage } from '../../webviews/treemap/messages.ts';
import { sentence } from '../sessions.ts';
import { bothSizes, symbolLabel } from '../sizes/rows.ts';
import type { SymbolSizes } from '../sizes/symbol-sizes.ts';
import { markup, openPage, type Page } from './page.ts';

const TYPE = 'unikernel.sizes.treemap';
/** More rectangles cannot be told apart. */
const MOST_CELLS = 3000;

export function registerTreemap(context: vscode.ExtensionContext, sizes: SymbolSizes): vscode.Disposable {
  let map: Treemap | undefined;
  return vscode.Disposable.from(
    vscode.commands.registerCommand('unikernel.sizes.treemap', async () => {
      try {
        if (!(await sizes.open())) {
          await vscode.commands.executeCommand('unikernel.sizes.open');
        }
        if (map) {
          map.reveal();
        } else {
          map = new Treemap(context.extensionUri, sizes, () => {
            map = undefined;
          });
        }
      } catch (error) {
        void vscode.window.showErrorMessage(sentence(error));
      }
    }),
    { dispose: () => map?.dispose() },
  );
}

class Treemap {
  readonly #panel: vscode.WebviewPanel;
  readonly #sizes: SymbolSizes;
  readonly #disposables: vscode.Disposable[] = [];
  #root = '';
  #nodes = new Map<string, MapNode>();

  constructor(extension: vscode.Uri, sizes: SymbolSizes, onDispose: () => void) {
    this.#sizes = sizes;
    this.#panel = openPage(extension, TYPE, mapPage());
    const { webview } = this.#panel;
    this.#disposables.push(
      webview.onDidReceiveMessage((message: ToHost) => this.#receive(message)),
      sizes.onDidChange(() => this.#show()),
      this.#panel.onDidDispose(() => {
        for (const disposable of this.#disposables) {
          disposable.dispose();
        }
        onDispose();
      }),
    );
  }

  reveal(): void {
    this.#panel.reveal();
  }

  dispose(): void {
    this.#panel.dispose();
  }

  async #receive(message: ToHost): Promise<void> {
    switch (message.type) {
      case 'ready':
        await this.#show();
        break;
      case 'zoom':
        this.#root = message.id;
        await this.#show();
        break;
      case 'query':
        this.#root = '';
        await this.#sizes.show({ grouping: message.grouping, measure: message.measure, filter: message.filter });
        break;
      case 'open': {
        const row = this.#nodes.get(message.id);
        if (row) {
          await vscode.commands.executeCommand('unikernel.sizes.openSource', { row });
        }
      }
    }
  }

  async #show(): Promise<void> {
    try {
      const query: TreeQuery = { ...this.#sizes.query, sort: 'size', minimum: 0 };
      const summary = await this.#sizes.open();
      if (!summary) {
        return;
      }
      const { map, trail } = await this.#sizes.ask('map', { query, root: this.#root, limit: MOST_CELLS });
      this.#root = map.id;
      this.#nodes = new Map();
      const isComparison = summary.before !== undefined;
      const name = summary.path.split('/').at(-1) ?? summary.path;
      this.#panel.title = vscode.l10n.t('Sizes of {0}', name);
      await this.#post({
        type: 'map',
        title: summary.path,
        grouping: query.grouping,
        measure: query.measure,
        filter: query.filter,
        isComparison,
        trail: trail.map(({ id, label }) => ({ id, label: id === '' ? name : this.#sizes.labelOf(label) })),
        map: this.#row(map, query, isComparison),
      });
    } catch (error) {
      await this.#post({ type: 'error', message: sentence(error) });
    }
  }

  async #post(message: ToPage): Promise<void> {
    await this.#panel.webview.postMessage(message);
  }

  #row(node: MapNode, query: TreeQuery, isComparison: boolean): MapRow {
    this.#nodes.set(node.id, node);
    return {
      id: node.id,
      label: node.item ? symbolLabel(node.item, 'name') : this.#sizes.labelOf(node.label),
      role: node.role,
      bytes: bytesOf(node, query.measure),
      weight: node.weight,
      sizes: bothSizes(node, isComparison),
      ...(node.change && { change: node.change }),
      hasSource: node.path !== undefined || node.item?.definition !== undefined,
      hasChildren: node.hasChildren,
      children: node.children.map((child) => this.#row(child, query, isComparison)),
    };
  }
}

/** Translated when it is opened. */
function mapPage(): Page {
  return {
    script: 'treemap',
    title: vscode.l10n.t('Size Map'),
    style: `
header { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
nav { display: flex; flex-wrap: wrap; gap: 4px; }
.field { display: flex; gap: 6px; align-items: center; }
#map { flex: 1; min-height: 0; width: 100%; cursor: pointer; display: block; }
#status { min-height: 1.4em; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
`,
    body: markup`<header>
<div class="field"><label for="grouping">${vscode.l10n.t('Group by')}</label><vscode-dropdown id="grouping" aria-label="${vscode.l10n.t('Group by')}">
<vscode-option value="source">${vscode.l10n.t('folder and file')}</vscode-option><vscode-option value="section">${vscode.l10n.t('section')}</vscode-option><vscode-option value="name">${vscode.l10n.t('name')}</vscode-option>
</vscode-dropdown></div>
<div class="field"><label for="measure">${vscode.l10n.t('Area')}</label><vscode-dropdown id="measure" aria-label="${vscode.l10n.t('Area')}">
<vscode-option value="memory">${vscode.l10n.t('bytes in memory')}</vscode-option><vscode-option value="file">${vscode.l10n.t('bytes in the file')}</vscode-option>
</vscode-dropdown></div>
<vscode-text-field id="filter" placeholder="${vscode.l10n.t('Filter (regular expression)')}" aria-label="${vscode.l10n.t('Filter, a regular expression')}"></vscode-text-field>
</header>
<nav id="trail" aria-label="${vscode.l10n.t('What is shown')}"></nav>
<canvas id="map" tabindex="0" role="application" aria-roledescription="${vscode.l10n.t('size map')}" aria-describedby="status" aria-label="${vscode.l10n.t('Size map. Arrow keys choose, Enter opens, Escape goes up.')}"></canvas>
<div id="status" role="status" aria-live="polite"></div>`,
  };
}
