/** The markup and the style of the history's page. */
import * as vscode from 'vscode';
import { markup, type Page } from './page.ts';

const STYLE = `
body { gap: 0; padding: 0 10px 6px; }
#tabs { display: flex; align-items: center; gap: 2px; border-bottom: 1px solid var(--vscode-panel-border, transparent); }
#tabs button { background: none; border: none; border-bottom: 2px solid transparent; padding: 8px 10px; font: inherit; cursor: pointer;
  color: var(--vscode-panelTitle-inactiveForeground, var(--vscode-foreground)); }
#tabs button[aria-selected='true'] { color: var(--vscode-panelTitle-activeForeground, var(--vscode-foreground));
  border-bottom-color: var(--vscode-panelTitle-activeBorder, var(--vscode-focusBorder)); }
.spring { flex: 1; }
#state { opacity: 0.8; margin-right: 10px; white-space: nowrap; }
section { flex: 1; min-height: 0; display: flex; flex-direction: column; gap: 6px; padding-top: 8px; }
section[hidden], [hidden] { display: none; }
section.empty > :not(.missing) { display: none; }
.bar { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.bar label { display: flex; gap: 6px; align-items: center; }
.bar vscode-text-field { width: 20em; }
.bar .count { min-width: 5em; opacity: 0.8; }
canvas { width: 100%; display: block; }
#lanes, #flames { flex: 1; min-height: 80px; }
.status { min-height: 1.4em; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.missing { margin: 12px 2px; max-width: 60em; line-height: 1.5; }
.missing code { font-family: var(--vscode-editor-font-family); background: var(--vscode-textCodeBlock-background); padding: 1px 4px; }
.scroll { overflow: auto; min-height: 0; }
details { flex: none; max-height: 45%; display: flex; flex-direction: column; min-height: 0; }
details[open] { overflow: auto; }
summary { cursor: pointer; padding: 2px 0; }
h2 { font-size: 1em; font-weight: 600; margin: 10px 0 4px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 3px 14px 3px 4px; white-space: nowrap; }
th { font-weight: 600; border-bottom: 1px solid var(--vscode-panel-border, currentColor); position: sticky; top: 0;
  background: var(--vscode-editor-background); }
th button { all: unset; cursor: pointer; }
td.number, th.number { text-align: right; }
tbody tr:hover { background: var(--vscode-list-hoverBackground); }
td button { all: unset; cursor: pointer; color: var(--vscode-textLink-foreground); }
td button:hover, td button:focus-visible { text-decoration: underline; }
.swatch { display: inline-block; width: 11px; height: 11px; margin-right: 6px; vertical-align: -1px; border: 1px solid transparent; }
.vscode-high-contrast .swatch { border-color: currentColor; }
#boot-other { min-width: 26em; }
.track { position: relative; width: 30vw; min-width: 110px; height: 24px; }
.track i { position: absolute; height: 9px; min-width: 2px; }
.track i.now { top: 2px; background: var(--vscode-charts-blue); }
.track i.before { top: 13px; background: var(--vscode-charts-lines, #888); opacity: 0.7; }
.vscode-high-contrast .track i { outline: 1px solid currentColor; }
.slower { color: var(--vscode-charts-red); }
.faster { color: var(--vscode-charts-green); }
`;

function timeline(): string {
  return markup`<section id="timeline" role="tabpanel" aria-labelledby="tab-timeline">
<p class="missing" id="timeline-missing" role="status" hidden></p>
<div class="bar">
<vscode-text-field id="lane-filter" placeholder="${vscode.l10n.t('Threads (regular expression)')}" aria-label="${vscode.l10n.t('Show threads whose name matches, a regular expression')}"></vscode-text-field>
<vscode-text-field id="search" placeholder="${vscode.l10n.t('Search locks, files, threads')}" aria-label="${vscode.l10n.t('Search locks, files and threads')}"></vscode-text-field>
<vscode-button id="search-previous" appearance="secondary" aria-label="${vscode.l10n.t('Previous match')}">◂</vscode-button>
<vscode-button id="search-next" appearance="secondary" aria-label="${vscode.l10n.t('Next match')}">▸</vscode-button>
<span class="count" id="search-count" role="status"></span>
<span class="spring"></span>
<vscode-button id="zoom-out" appearance="secondary" aria-label="${vscode.l10n.t('Zoom out')}">−</vscode-button>
<vscode-button id="zoom-in" appearance="secondary" aria-label="${vscode.l10n.t('Zoom in')}">+</vscode-button>
<vscode-button id="zoom-all" appearance="secondary">${vscode.l10n.t('All')}</vscode-button>
<vscode-button id="zoom-latest" appearance="secondary">${vscode.l10n.t('Latest')}</vscode-button>
<vscode-button id="save-trace" appearance="secondary">${vscode.l10n.t('Save for Perfetto…')}</vscode-button>
</div>
<div class="bar" id="legend" role="group" aria-label="${vscode.l10n.t('What is shown')}"></div>
<canvas id="lanes" tabindex="0" role="application" aria-roledescription="${vscode.l10n.t('timeline')}" aria-describedby="chosen" aria-label="${vscode.l10n.t('Timeline. Up and down choose a CPU or a thread, left and right what it did, Enter zooms to it, plus and minus zoom, A and D move in time, 0 shows all.')}"></canvas>
<div id="timeline-notes" role="status"></div>
<div class="status" id="chosen" role="status" aria-live="polite"></div>
<details id="in-sight"><summary>${vscode.l10n.t('What is in sight, as a table (the first 200)')}</summary><div class="scroll" id="in-sight-table"></div></details>
</section>`;
}

function latencies(): string {
  return markup`<section id="latencies" role="tabpanel" aria-labelledby="tab-latencies" hidden>
<div class="bar">
<vscode-text-field id="latency-filter" placeholder="${vscode.l10n.t('Locks and threads (regular expression)')}" aria-label="${vscode.l10n.t('Show locks and threads whose name matches, a regular expression')}"></vscode-text-field>
<vscode-checkbox id="latency-in-sight">${vscode.l10n.t('Only what the timeline shows')}</vscode-checkbox>
<span class="spring"></span>
<vscode-button id="save-latencies" appearance="secondary">${vscode.l10n.t('Save as CSV…')}</vscode-button>
</div>
<div class="scroll" id="latency-tables"></div>
</section>`;
}

function profile(): string {
  return markup`<section id="profile" role="tabpanel" aria-labelledby="tab-profile" hidden>
<p class="missing" id="profile-missing" role="status" hidden></p>
<div class="bar">
<label for="profile-thread">${vscode.l10n.t('Thread')}</label><vscode-dropdown id="profile-thread" aria-label="${vscode.l10n.t('Thread')}"></vscode-dropdown>
<vscode-checkbox id="profile-by-thread">${vscode.l10n.t('Divide by thread')}</vscode-checkbox>
<vscode-checkbox id="profile-idle">${vscode.l10n.t('Idle too')}</vscode-checkbox>
<vscode-text-field id="profile-search" placeholder="${vscode.l10n.t('Search functions (regular expression)')}" aria-label="${vscode.l10n.t('Search functions, a regular expression')}"></vscode-text-field>
<span class="count" id="profile-matched" role="status"></span>
<span class="spring"></span>
<vscode-button id="profile-whole" appearance="secondary">${vscode.l10n.t('All')}</vscode-button>
<vscode-button id="profile-reset" appearance="secondary">${vscode.l10n.t('Begin Anew')}</vscode-button>
<vscode-button id="save-collapsed" appearance="secondary">${vscode.l10n.t('Save Stacks…')}</vscode-button>
<vscode-button id="save-cpuprofile" appearance="secondary">${vscode.l10n.t('Open as .cpuprofile…')}</vscode-button>
</div>
<canvas id="flames" tabindex="0" role="application" aria-roledescription="${vscode.l10n.t('flame graph')}" aria-describedby="flame-chosen" aria-label="${vscode.l10n.t('Flame graph. Arrow keys choose, Enter zooms, Escape goes back, O opens the source.')}"></canvas>
<div class="status" id="flame-chosen" role="status" aria-live="polite"></div>
<details id="functions"><summary>${vscode.l10n.t('Functions, as a table')}</summary><div class="scroll" id="function-table"></div></details>
</section>`;
}

function boot(): string {
  return markup`<section id="boot" role="tabpanel" aria-labelledby="tab-boot" hidden>
<p class="missing" id="boot-missing" role="status" hidden></p>
<div class="bar">
<label for="boot-other">${vscode.l10n.t('Compare with')}</label><vscode-dropdown id="boot-other" aria-label="${vscode.l10n.t('Compare with an earlier boot')}"></vscode-dropdown>
<span class="spring"></span>
<vscode-button id="boot-forget" appearance="secondary">${vscode.l10n.t('Forget Earlier Boots')}</vscode-button>
</div>
<div id="boot-summary"></div>
<div class="scroll" id="boot-table"></div>
</section>`;
}

function tabs(): string {
  return markup`<div id="tabs" role="tablist" aria-label="${vscode.l10n.t('History')}">
<button role="tab" id="tab-timeline" aria-controls="timeline" aria-selected="true">${vscode.l10n.t('Timeline')}</button>
<button role="tab" id="tab-latencies" aria-controls="latencies" aria-selected="false" tabindex="-1">${vscode.l10n.t('Latencies')}</button>
<button role="tab" id="tab-profile" aria-controls="profile" aria-selected="false" tabindex="-1">${vscode.l10n.t('Profile')}</button>
<button role="tab" id="tab-boot" aria-controls="boot" aria-selected="false" tabindex="-1">${vscode.l10n.t('Boot')}</button>
<span class="spring"></span>
<span id="state" role="status"></span>
<vscode-checkbox id="live" checked>${vscode.l10n.t('Live')}</vscode-checkbox>
</div>`;
}

/** Translated when it is opened. */
export function historyPage(): Page {
  return {
    script: 'history',
    title: vscode.l10n.t('History'),
    // Events and samples are gathered there.
    livesHidden: true,
    style: STYLE,
    body: [tabs(), timeline(), latencies(), profile(), boot()].join('\n'),
  };
}
