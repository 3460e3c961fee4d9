/** The memory-pool visualizer's markup and style. */
import * as vscode from 'vscode';
import { markup, type Page } from './page.ts';

/** Translated when it is opened. */
export function memoryPoolsPage(): Page {
  return {
    script: 'memory-pools',
    title: vscode.l10n.t('Memory Pools'),
    // The last minutes are gathered there: who follows a page to its owner comes back to them.
    livesHidden: true,
    style: STYLE,
    body: body(),
  };
}

const STYLE = `
[hidden] { display: none !important; }
header { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
header .space { flex: 1; }
#state { font-weight: 600; }
main { flex: 1; min-height: 0; display: flex; gap: 10px; }
#picture { flex: 1; min-width: 0; position: relative; display: flex; flex-direction: column; gap: 4px; }
#map { flex: 1; min-height: 0; width: 100%; display: block; cursor: crosshair; touch-action: none; }
#timeline { height: 44px; width: 100%; display: block; cursor: ew-resize; touch-action: none; border-top: 1px solid var(--vscode-widget-border, var(--vscode-contrastBorder, transparent)); }
#message { position: absolute; inset: 0; display: flex; align-items: center; justify-content: center; text-align: center; padding: 24px; pointer-events: none; color: var(--vscode-descriptionForeground); }
#message.error { color: var(--vscode-errorForeground); }
aside { width: 36%; max-width: 460px; min-width: 260px; overflow: auto; border-left: 1px solid var(--vscode-widget-border, var(--vscode-contrastBorder, transparent)); padding-left: 8px; }
vscode-panel-view { flex-direction: column; padding: 4px 0 12px; gap: 4px; }
h3 { font-size: 11px; font-weight: 600; text-transform: uppercase; margin: 10px 0 2px; color: var(--vscode-descriptionForeground); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 1px 6px 1px 0; font-weight: normal; white-space: nowrap; }
th button, td button { all: unset; cursor: pointer; }
th button { color: var(--vscode-descriptionForeground); }
td button { color: var(--vscode-textLink-foreground); white-space: normal; overflow-wrap: anywhere; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.bar { display: grid; grid-template-columns: minmax(90px, 34%) 1fr auto; gap: 8px; align-items: center; padding: 1px 0; }
.bar .track { grid-row: 1; grid-column: 2; position: relative; height: 9px; background: var(--vscode-input-background); border: 1px solid var(--vscode-widget-border, var(--vscode-contrastBorder, transparent)); }
.bar .text { grid-row: 1; grid-column: 3; font-variant-numeric: tabular-nums; color: var(--vscode-descriptionForeground); }
.fill { height: 100%; min-width: 2px; background: var(--vscode-charts-blue); }
.fill.cached, .fill.shrank { background: var(--vscode-charts-green); }
.fill.free { background: var(--vscode-descriptionForeground); }
.fill.short, .fill.grew { background: var(--vscode-charts-yellow); }
.tick { position: absolute; top: -3px; bottom: -3px; width: 2px; background: var(--vscode-foreground); }
footer { display: flex; flex-direction: column; gap: 2px; }
#pointed { min-height: 1.4em; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
#notes, .quiet { color: var(--vscode-descriptionForeground); }
#legend { display: flex; flex-wrap: wrap; gap: 3px 6px; }
:where(#legend) button { all: unset; cursor: pointer; padding: 1px 6px 1px 3px; border: 1px solid transparent; border-radius: 3px; font-variant-numeric: tabular-nums; }
#legend button:hover { background: var(--vscode-list-hoverBackground); }
#legend button[aria-pressed='true'] { border-color: var(--vscode-focusBorder); font-weight: 600; }
#legend i { display: inline-block; min-width: 14px; margin-right: 5px; padding: 0 1px; font: 9px sans-serif; line-height: 13px; text-align: center; border: 1px solid var(--vscode-widget-border, var(--vscode-contrastBorder, transparent)); }
#new-objects, #callers { margin: 0; padding-left: 18px; }
:where(#new-objects, #callers) button { all: unset; cursor: pointer; color: var(--vscode-textLink-foreground); overflow-wrap: anywhere; }
@media (max-width: 700px) { main { flex-direction: column; } aside { width: auto; max-width: none; max-height: 40%; border-left: none; } }
`;

function body(): string {
  return markup`<header>
<div id="state" hidden></div>
<span class="space"></span>
<vscode-button id="live" hidden>${vscode.l10n.t('Back to Now')}</vscode-button>
<vscode-button id="mark" appearance="secondary">${vscode.l10n.t('Compare From Here')}</vscode-button>
<vscode-button id="smaller" appearance="secondary" aria-label="${vscode.l10n.t('Zoom out')}">−</vscode-button>
<vscode-button id="larger" appearance="secondary" aria-label="${vscode.l10n.t('Zoom in')}">+</vscode-button>
<vscode-button id="all" appearance="secondary">${vscode.l10n.t('Show All')}</vscode-button>
</header>
<main>
<div id="picture">
<canvas id="map" tabindex="0" role="application" aria-roledescription="${vscode.l10n.t('map of memory')}" aria-describedby="pointed" aria-label="${vscode.l10n.t('Every page of memory. Arrow keys choose a page, N the next one in another use, Enter goes close and then to its owner, O the next object, Escape shows all, plus and minus zoom, brackets go back and forth in time. The tables beside it say how much each class has.')}"></canvas>
<canvas id="timeline" tabindex="0" role="slider" aria-label="${vscode.l10n.t('Used pages over the last minutes; the moment that is shown')}"></canvas>
<div id="message" hidden></div>
</div>
<aside>
<vscode-panels id="tabs" aria-label="${vscode.l10n.t('Allocators')}">
<vscode-panel-tab id="tab-classes">${vscode.l10n.t('Classes')}</vscode-panel-tab>
<vscode-panel-tab id="tab-pages">${vscode.l10n.t('Pages')}</vscode-panel-tab>
<vscode-panel-tab id="tab-changes">${vscode.l10n.t('Changes')}</vscode-panel-tab>
<vscode-panel-tab id="tab-leaks">${vscode.l10n.t('Allocations')}</vscode-panel-tab>
<vscode-panel-view id="view-classes"><div id="classes"></div><h3>${vscode.l10n.t('Requested and allocated')}</h3><div id="totals"></div></vscode-panel-view>
<vscode-panel-view id="view-pages"><h3>${vscode.l10n.t('Page pools, with their marks')}</h3><div id="gauges"></div><h3>${vscode.l10n.t('Free blocks')}</h3><div id="largest" class="quiet"></div><div id="ranges"></div></vscode-panel-view>
<vscode-panel-view id="view-changes"><div id="changes-summary" role="status">${vscode.l10n.t('Choose a moment and compare from it.')}</div><div id="changes"></div><h3 id="growth-heading" hidden>${vscode.l10n.t('Live objects')}</h3><div id="growth"></div><div id="new-summary" class="quiet"></div><ul id="new-objects" aria-label="${vscode.l10n.t('New objects')}"></ul></vscode-panel-view>
<vscode-panel-view id="view-leaks"><div><vscode-button id="refresh-leaks" appearance="secondary">${vscode.l10n.t('Read Allocations')}</vscode-button></div><div id="leaks-message" class="quiet"></div><div id="chain" hidden><h3>${vscode.l10n.t('Chain of callers')}</h3><div id="chain-summary" role="status"></div><ol id="callers"></ol></div><div id="leaks" hidden></div></vscode-panel-view>
</vscode-panels>
</aside>
</main>
<footer>
<div id="pointed" role="status" aria-live="polite"></div>
<div id="legend" role="group" aria-label="${vscode.l10n.t('Pages by what they are; a button lets its pages stand out')}"></div>
<div id="notes" hidden></div>
</footer>`;
}
