/** Numbers as people read them. */

/** Some 30 years: what lasts longer was meant to last forever. */
const FOREVER_NANOSECONDS = 1e18;
/** What such a duration is called. */
export const FOREVER = 'forever';

/** `250 ns`, `12 µs`, `3.4 ms`, `12.0 s`, `forever`; a minus sign is kept. */
export function formatDuration(nanoseconds: number): string {
  const magnitude = Math.abs(nanoseconds);
  if (nanoseconds >= FOREVER_NANOSECONDS) {
    return FOREVER;
  }
  if (magnitude < 1e3) {
    return `${Math.round(nanoseconds)} ns`;
  }
  if (magnitude < 1e6) {
    return `${(nanoseconds / 1e3).toFixed(0)} µs`;
  }
  if (magnitude < 1e9) {
    return `${(nanoseconds / 1e6).toFixed(1)} ms`;
  }
  return `${(nanoseconds / 1e9).toFixed(1)} s`;
}

/** `96 B`, `12 KiB`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) {
    return `${bytes} B`;
  }
  if (bytes < 1024 ** 2) {
    return `${(bytes / 1024).toFixed(bytes < 10 * 1024 ? 1 : 0)} KiB`;
  }
  return bytes < 1024 ** 3 ? `${(bytes / 1024 ** 2).toFixed(1)} MiB` : `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

/** How long something lasts at `now`; `?` where the kernel does not keep since when. */
export function formatSince(now: number, since: number | undefined): string {
  return since === undefined ? '?' : formatDuration(now - since);
}
