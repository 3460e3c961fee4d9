/** What is wrong with a manifest, given what the host has. Pure: the facts are handed in. */
import * as l10n from '@vscode/l10n';
import type { LineProblem, Manifest, ProblemCode, Span, Variable } from './manifest.ts';
import { guestFolder, type Layout, linkTarget, type Placed, treesAbove } from './manifest-layout.ts';

export type FileKind = 'file' | 'folder' | 'missing';

export interface CheckContext {
  /** Whether the tools that read this manifest know a variable. */
  isKnown(variable: Variable): boolean;
  /**
   * What the host has for an entry (of a tree: its folder; with `below`, that path in it). Undefined: not known, so nothing is said.
   * `made`: it is missing, but a build makes it.
   */
  host(placed: Placed, below?: string): FileKind | 'made' | undefined;
  /** Whether no other manifest adds entries to the same image, so that a link's target must be here. */
  isComplete: boolean;
}

export type FindingCode =
  | ProblemCode
  | 'undefined-variable'
  | 'missing-host'
  | 'empty-tree'
  | 'duplicate'
  | 'shadowed'
  | 'under-file'
  | 'link-to-itself'
  | 'link-cycle'
  | 'link-dangling';

export interface Finding extends Span {
  line: number;
  code: FindingCode;
  severity: 'error' | 'warning' | 'unnecessary';
  message: string;
  /** Another line that has to do with it. */
  related?: { line: number; span: Span; message: string };
  /** What a mend needs: the name of the variable, the missing path. */
  subject?: string;
}

const problems: Record<ProblemCode, { severity: Finding['severity']; message: string }> = {
  'no-divider': {
    severity: 'error',
    message: l10n.t('Guest and host are divided by a colon and a blank: "/guest: host".'),
  },
  'no-guest': { severity: 'error', message: l10n.t('The path in the guest is missing before the colon.') },
  'no-host': { severity: 'error', message: l10n.t('The host’s path is missing after the colon.') },
  'ignored-text': {
    severity: 'warning',
    message: l10n.t('What follows a second colon and blank is ignored: the host’s path ends before it.'),
  },
  'lone-tree': { severity: 'error', message: l10n.t('"/**" must end both sides, or it is the name of a file.') },
  'lone-base': {
    severity: 'error',
    message: l10n.t('"&" needs both sides: "/&/" in the guest’s path and "/&" at the end of the host’s.'),
  },
  'link-blank': { severity: 'error', message: l10n.t('The blank after "->" becomes part of the link’s target.') },
  'link-empty': { severity: 'error', message: l10n.t('The link has no target after "->".') },
  'link-wildcard': {
    severity: 'error',
    message: l10n.t('A link stands for one path: "**" and "&" do not work with "->".'),
  },
  'greedy-variables': {
    severity: 'error',
    message: l10n.t(
      'One {0} a line: OSv’s scripts/module.py reads from the first {1} to the last "}" as one name.',
      `"\${…}"`,
      `"\${"`,
    ),
  },
  'stray-percent': {
    severity: 'error',
    message: l10n.t('A "%" of a file’s name is written "%%": a single one begins "%(name)s".'),
  },
  'open-variable': { severity: 'error', message: l10n.t('A variable is written {0} or "%(name)s".', `"\${NAME}"`) },
};

/** Where the kernel itself puts files, at run time. */
const RUNTIME_FOLDERS = new Set(['proc', 'dev', 'sys', 'tmp', 'run', 'mnt', 'etc']);

/** All findings, by line. */
export function checkManifest(manifest: Manifest, layout: Layout, context: CheckContext): Finding[] {
  const findings: Finding[] = [];
  manifest.lines.forEach((line, number) => {
    if (line.kind !== 'entry' && line.kind !== 'broken') {
      return;
    }
    for (const problem of line.problems) {
      findings.push(ofProblem(problem, number));
    }
    for (const variable of line.kind === 'entry' ? line.variables : []) {
      if (!context.isKnown(variable)) {
        findings.push(undefinedVariable(variable, number));
      }
    }
  });
  for (const placed of layout.placed) {
    if (placed.entry.problems.every(isHarmless)) {
      checkPlaced(placed, layout, context, findings);
    }
  }
  return findings.sort((a, b) => a.line - b.line || a.start - b.start);
}

function isHarmless(problem: LineProblem): boolean {
  return problem.code === 'ignored-text';
}

function ofProblem({ code, start, end }: LineProblem, line: number): Finding {
  return { line, start, end, code, ...problems[code] };
}

function undefinedVariable(variable: Variable, line: number): Finding {
  const { start, end, name } = variable;
  const message = l10n.t(
    'No build of this manifest defines "{0}": give it a value in the setting unikernel.manifest.variables.',
    name.text,
  );
  return { line, start, end, code: 'undefined-variable', severity: 'error', message, subject: name.text };
}

function checkPlaced(placed: Placed, layout: Layout, context: CheckContext, findings: Finding[]): void {
  const replacement = layout.replaced.get(placed);
  if (replacement) {
    findings.push(duplicate(placed, replacement));
  } else {
    checkShadow(placed, layout, context, findings);
  }
  checkAncestors(placed, layout, context, findings);
  if (placed.entry.isLink) {
    checkLink(placed, layout, context, findings);
  } else {
    checkHost(placed, context, findings);
  }
}

function checkHost(placed: Placed, context: CheckContext, findings: Finding[]): void {
  const { entry, line, host } = placed;
  const kind = context.host(placed);
  const span = { line, start: entry.path.start, end: entry.path.end };
  if (entry.wildcard === 'tree' && (kind === 'missing' || kind === 'file')) {
    const message = l10n.t('{0} is no folder on this host: nothing comes from it into the image.', host);
    findings.push({ ...span, code: 'empty-tree', severity: 'warning', message, subject: host });
  } else if (kind === 'missing') {
    const message = l10n.t('{0} is not on this host: the image cannot be made.', host);
    // What a distribution installs may be there on the host that makes the image.
    const severity = host.startsWith('/') ? 'warning' : 'error';
    findings.push({ ...span, code: 'missing-host', severity, message, subject: host });
  }
}

function duplicate(placed: Placed, later: Placed): Finding {
  const { entry, line, guest } = placed;
  const isSame = placed.host === later.host && entry.isLink === later.entry.isLink;
  return {
    line,
    start: entry.guest.start,
    end: entry.guest.end,
    code: 'duplicate',
    severity: isSame ? 'unnecessary' : 'warning',
    message: isSame
      ? l10n.t('{0} is told again on line {1}, with the same host path.', guest, later.line + 1)
      : l10n.t('{0} is replaced on line {1}: the later one wins.', guest, later.line + 1),
    related: { line: later.line, span: later.entry.guest, message: l10n.t('This one wins.') },
  };
}

/** A file that a later tree brings too. (A file after a tree replaces on purpose what the tree brought.) */
function checkShadow(placed: Placed, layout: Layout, context: CheckContext, findings: Finding[]): void {
  if (placed.entry.wildcard === 'tree') {
    return;
  }
  for (const { tree, below } of treesAbove(layout, placed.guest)) {
    if (tree.line > placed.line && context.host(tree, below) === 'file') {
      findings.push({
        line: placed.line,
        start: placed.entry.guest.start,
        end: placed.entry.guest.end,
        code: 'shadowed',
        severity: 'warning',
        message: l10n.t(
          '{0} is replaced by {1}/{2}, which line {3} brings: the later one wins.',
          placed.guest,
          tree.host,
          below,
          tree.line + 1,
        ),
        related: { line: tree.line, span: tree.entry.guest, message: l10n.t('This one wins.') },
      });
      return;
    }
  }
}

/** Nothing can lie below a file or a link. */
function checkAncestors(placed: Placed, layout: Layout, context: CheckContext, findings: Finding[]): void {
  const isRootTree = placed.guest === '/';
  for (let folder = guestFolder(placed.guest); folder !== '/' && !isRootTree; folder = guestFolder(folder)) {
    const above = layout.winners.get(folder);
    if (above && (above.entry.isLink || context.host(above) === 'file')) {
      const { isLink } = above.entry;
      const facts = [placed.guest, folder, above.line + 1] as const;
      findings.push({
        line: placed.line,
        start: placed.entry.guest.start,
        end: placed.entry.guest.end,
        code: 'under-file',
        severity: 'error',
        message: isLink
          ? l10n.t('{0} cannot lie below {1}, which line {2} makes a link.', ...facts)
          : l10n.t('{0} cannot lie below {1}, which line {2} makes a file.', ...facts),
        related: {
          line: above.line,
          span: above.entry.guest,
          message: isLink ? l10n.t('{0} is a link.', folder) : l10n.t('{0} is a file.', folder),
        },
      });
      return;
    }
  }
}

function checkLink(placed: Placed, layout: Layout, context: CheckContext, findings: Finding[]): void {
  const { entry, line, guest } = placed;
  const span = { line, start: entry.path.start, end: entry.path.end };
  const target = linkTarget(guest, entry.path.text);
  if (target === guest) {
    findings.push({
      ...span,
      code: 'link-to-itself',
      severity: 'error',
      message: l10n.t('{0} is a link to itself.', guest),
    });
    return;
  }
  const seen = new Set([guest]);
  for (let at = target; ; ) {
    const next = layout.winners.get(at);
    if (!next?.entry.isLink) {
      break;
    }
    if (seen.has(at)) {
      // Only the links of the circle itself are told.
      if (at === guest) {
        const message = l10n.t('This link leads back to itself: {0}.', [...seen, guest].join(' → '));
        findings.push({ ...span, code: 'link-cycle', severity: 'error', message });
      }
      return;
    }
    seen.add(at);
    at = linkTarget(at, next.entry.path.text);
  }
  if (context.isComplete && entry.variables.length === 0 && !isReachable(target, layout, context)) {
    const message = l10n.t('Nothing in this manifest makes {0}, to which this link leads.', target);
    findings.push({ ...span, code: 'link-dangling', severity: 'warning', message, subject: target });
  }
}

const foldersOf = new WeakMap<Layout, Set<string>>();

/** Every folder that holds an entry. */
function folders(layout: Layout): Set<string> {
  let all = foldersOf.get(layout);
  if (!all) {
    all = new Set(['/']);
    for (const { guest, entry } of layout.placed) {
      let folder = entry.wildcard === 'tree' ? guest : guestFolder(guest);
      for (; !all.has(folder); folder = guestFolder(folder)) {
        all.add(folder);
      }
    }
    foldersOf.set(layout, all);
  }
  return all;
}

/** Whether a path may exist in the image: what is not known counts as there. */
function isReachable(path: string, layout: Layout, context: CheckContext): boolean {
  if (layout.winners.has(path) || folders(layout).has(path) || RUNTIME_FOLDERS.has(path.split('/')[1] ?? '')) {
    return true;
  }
  for (const { tree, below } of treesAbove(layout, path)) {
    if (context.host(tree, below) !== 'missing') {
      return true;
    }
  }
  // Below a link: what is there, the link's own target decides.
  for (let folder = guestFolder(path); folder !== '/'; folder = guestFolder(folder)) {
    if (layout.winners.get(folder)?.entry.isLink) {
      return true;
    }
  }
  return false;
}
