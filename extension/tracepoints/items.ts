/** Tracepoints as a person chooses among them. */
import type { Tracepoint } from '../../debug-adapter/protocol.ts';

export interface TracepointItem {
  label: string;
  /** How often it was recorded, and what its records tell. */
  description: string;
  picked: boolean;
}

/** Those that are recorded first, then by name. */
export function itemsOf(tracepoints: readonly Tracepoint[], locale?: string): TracepointItem[] {
  return [...tracepoints]
    .sort((a, b) => Number(b.enabled) - Number(a.enabled) || a.name.localeCompare(b.name))
    .map(({ name, format, enabled, records }) => ({
      label: name,
      description: [records > 0 ? `${records.toLocaleString(locale)} ×` : '', format].filter(Boolean).join('  '),
      picked: enabled,
    }));
}

/** What has to be turned on or off so that the chosen ones are recorded, and no others. */
export function changesTo(
  tracepoints: readonly Tracepoint[],
  chosen: ReadonlySet<string>,
): { name: string; enabled: boolean }[] {
  const changed = tracepoints.filter(({ name, enabled }) => enabled !== chosen.has(name)).map(({ name }) => name);
  return [...new Set(changed)].map((name) => ({ name, enabled: chosen.has(name) }));
}
