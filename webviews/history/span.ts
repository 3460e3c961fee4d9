/** Which stretch of time a picture shows. Pure. Nanoseconds of the guest's clock. */
export interface Span {
  begin: number;
  end: number;
}

/** The least that can be shown: what a clock can tell apart. */
const SHORTEST = 200;

/** `span` of at least SHORTEST, within `whole` as far as it is not longer than that. */
export function within(span: Span, whole: Span): Span {
  const full = Math.max(SHORTEST, whole.end - whole.begin);
  const length = Math.min(full, Math.max(SHORTEST, span.end - span.begin));
  const begin = Math.min(Math.max(span.begin, whole.begin), whole.begin + full - length);
  return { begin, end: begin + length };
}

/** Shows `factor` times as much, while what is at `anchor` stays where it is. */
export function zoomed(span: Span, factor: number, anchor: number, whole: Span): Span {
  const length = (span.end - span.begin) * factor;
  const share = (anchor - span.begin) / (span.end - span.begin || 1);
  const begin = anchor - length * share;
  return within({ begin, end: begin + length }, whole);
}

/** Moves by a share of what is shown. */
export function moved(span: Span, share: number, whole: Span): Span {
  const distance = (span.end - span.begin) * share;
  return within({ begin: span.begin + distance, end: span.end + distance }, whole);
}

/** A step between marks of a ruler: 1, 2 or 5 times a power of ten, so that at most `most` fit. */
export function rulerStep(span: Span, most: number): number {
  const least = (span.end - span.begin) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? power * 10;
}

/** A moment as the ruler writes it: `1.25 s`, with the digits that `step` can tell apart. */
export function momentText(time: number, step: number): string {
  const digits = Math.min(9, Math.max(0, Math.ceil(9 - Math.log10(Math.max(1, step)) - 1e-9)));
  return `${(time / 1e9).toFixed(digits)} s`;
}

/** A duration with three digits that count: `1.23 ms`. */
export function lengthText(nanoseconds: number): string {
  const units: [number, string][] = [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
  ];
  const [size, unit] = units.find(([least]) => nanoseconds >= least) ?? [1, 'ns'];
  const value = nanoseconds / size;
  return `${size === 1 ? Math.round(value) : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
}
