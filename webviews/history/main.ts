/** The history's page: gathers what the host reads, and shows it on four tabs. */
import '../translations.ts';
import * as l10n from '@vscode/l10n';
import {
  type Checkbox,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { EventLog } from '../../debug-adapter/history/event-log.ts';
import { Profile } from '../../debug-adapter/history/profile.ts';
import { buildTimeline, type Timeline } from '../../debug-adapter/history/timeline.ts';
import { element } from '../dom.ts';
import { useElements } from '../toolkit.ts';
import { BootView } from './boot-view.ts';
import { FlameView } from './flame-view.ts';
import { LatencyView } from './latency-view.ts';
import type { Tab, ToHost, ToPage } from './messages.ts';
import { TimelineView } from './timeline-view.ts';

declare function acquireVsCodeApi(): { postMessage(message: ToHost): void };

useElements(vsCodeButton(), vsCodeCheckbox(), vsCodeDropdown(), vsCodeOption(), vsCodeTextField());

const NO_SESSION = l10n.t('Debug a kernel to see its history: what its CPUs and threads did, also while it runs.');
const WAITING = l10n.t('Waiting for the guest…');
const NO_TRACE = l10n.t(
  'The kernel records nothing: its trace rings are off. Boot it without --trace=none and --trace-records=0 on its command line.',
);
const NO_PROFILE = l10n.t(
  'The kernel takes no samples of what runs. Add --profile to its command line, or --profile=1000 for 1000 samples a second of each CPU.',
);

const host = acquireVsCodeApi();
const post = (message: ToHost): void => host.postMessage(message);
const TABS: readonly Tab[] = ['timeline', 'latencies', 'profile', 'boot'];
const live = element<Checkbox>('live');
const state = element('state');
const notes = element('timeline-notes');

const log = new EventLog();
const profile = new Profile();
let drawn: Timeline | undefined;
let shown: Tab = 'timeline';

const timelineView = new TimelineView(post, () => shown === 'latencies' && showLatencies());
const latencyView = new LatencyView(
  post,
  () => timelineView.span,
  (text) => {
    select('timeline');
    timelineView.search(text);
  },
);
const flameView = new FlameView(post);
const bootView = new BootView(post);

function showLatencies(): void {
  if (drawn) {
    latencyView.show(drawn, log);
  }
}

function select(tab: Tab): void {
  shown = tab;
  for (const one of TABS) {
    const button = element(`tab-${one}`);
    button.setAttribute('aria-selected', String(one === tab));
    button.tabIndex = one === tab ? 0 : -1;
    element(one).hidden = one !== tab;
  }
  showLatencies();
  timelineView.paint();
  flameView.paint();
}

for (const tab of TABS) {
  const button = element(`tab-${tab}`);
  button.addEventListener('click', () => select(tab));
  button.addEventListener('keydown', ({ key }) => {
    const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length];
    if (step !== 0 && next) {
      select(next);
      element(`tab-${next}`).focus();
    }
  });
}

/** Another guest: what was gathered is forgotten. */
function begin(session: string | undefined): void {
  log.clear();
  profile.clear();
  drawn = undefined;
  clearTimeout(building);
  building = undefined;
  notes.textContent = '';
  timelineView.clear();
  const message = session === undefined ? NO_SESSION : WAITING;
  timelineView.tell(message);
  flameView.tell(message);
  if (session === undefined) {
    state.textContent = '';
    bootView.show([], undefined);
  }
}

/** Of the page's time, what making intervals may take. */
const SHARE = 0.25;
let building: ReturnType<typeof setTimeout> | undefined;
let nextBuild = 0;

function takeTrace(message: Extract<ToPage, { type: 'trace' }>): void {
  log.add(message.reading);
  if (log.size === 0) {
    timelineView.tell(NO_TRACE);
  } else if (drawn?.end !== log.end) {
    // A long history takes a while: the page stays quick, and the picture comes a little later.
    building ??= setTimeout(build, Math.max(0, nextBuild - performance.now()));
  }
}

function build(): void {
  building = undefined;
  const began = performance.now();
  drawn = buildTimeline(log);
  timelineView.show(drawn, log);
  notes.textContent = notesOn(log);
  if (shown === 'latencies') {
    showLatencies();
  }
  const now = performance.now();
  nextBuild = now + (now - began) / SHARE;
}

/** What the picture cannot tell. */
function notesOn({ off, lost }: EventLog): string {
  const missing = ['thread_switch', 'thread_wake', 'lock_wait'].filter((kind) => off.has(kind));
  return [
    ...(missing.length > 0
      ? [
          l10n.t(
            'Not recorded: {0}; --trace on the kernel’s command line says what is.',
            missing.join(', ').replaceAll('_', ' '),
          ),
        ]
      : []),
    ...(lost > 0
      ? [
          l10n.t(
            '{0} records were overwritten before they were read: more fit with --trace-records=64K.',
            lost.toLocaleString('en'),
          ),
        ]
      : []),
  ].join(' ');
}

function stateName({ ended, running }: Extract<ToPage, { type: 'state' }>): string {
  if (ended) {
    return l10n.t('ended');
  }
  if (!running) {
    return l10n.t('stopped');
  }
  return live.checked ? l10n.t('live') : l10n.t('running');
}

window.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
  switch (data.type) {
    case 'begin':
      begin(data.session);
      break;
    case 'state':
      state.textContent = stateName(data);
      break;
    case 'trace':
      takeTrace(data);
      break;
    case 'profile':
      profile.add(data.reading);
      flameView.show(profile);
      break;
    case 'boots':
      bootView.show(data.runs, data.current);
      break;
    case 'missing':
      if (data.tab === 'timeline') {
        timelineView.tell(data.message);
      } else if (data.tab === 'profile') {
        flameView.tell(data.message.includes('--profile') ? NO_PROFILE : data.message);
      }
  }
});

live.addEventListener('change', () => post({ type: 'live', live: live.checked }));
new MutationObserver(() => {
  timelineView.paint();
  flameView.paint();
}).observe(document.body, { attributes: true, attributeFilter: ['class'] });
begin(undefined);
post({ type: 'ready' });
