/** The check of kernel awareness as a text for people. */
import type { AwarenessReport, Need } from '../../debug-adapter/protocol.ts';

const NAMES = { sprout: 'Sprout', osv: 'OSv' };
const KINDS: [Need['kind'], string][] = [
  ['symbol', 'Symbols'],
  ['variable', 'Variables'],
  ['type', 'Types'],
  ['field', 'Fields'],
];

/** Markdown: what is missing first, then everything that is asked for. */
export function reportText({ kernel, program, buildId, needs, notes }: AwarenessReport): string {
  const missing = needs.filter(({ found }) => !found);
  const lines = [
    `# Kernel awareness of ${NAMES[kernel]}`,
    '',
    `- Kernel: ${program}`,
    `- Build id: ${buildId ?? 'none'}`,
    `- ${needs.length} symbols, variables, types and fields are asked for; ${missing.length === 0 ? 'all were found' : `${missing.length} are missing`}.`,
  ];
  if (notes.length > 0) {
    lines.push('', '## What this build cannot tell', '', ...notes.map((note) => `- ${note}`));
  }
  if (missing.length > 0) {
    lines.push('', '## Missing', '', ...missing.map((need) => `- ${need.kind} ${toldOf(need)}`));
  }
  for (const [kind, title] of KINDS) {
    const own = needs.filter((need) => need.kind === kind);
    if (own.length > 0) {
      lines.push('', `## ${title}`, '', ...own.map((need) => `- ${need.found ? '✓' : '✗'} ${toldOf(need)}`));
    }
  }
  return `${lines.join('\n')}\n`;
}

function toldOf({ name, as, optional }: Need): string {
  return `\`${name}\`${as === undefined ? '' : `, as \`${as}\``}${optional ? ' (one column)' : ''}`;
}
