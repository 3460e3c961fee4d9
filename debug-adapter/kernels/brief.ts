/** From a function's arguments to its offset or the end. */
const ARGUMENTS = /(?<=[^:(])\((?!anonymous namespace\)).*?\)(?=\+0x|$)/s;

/** `f(int)+0x12 (x.cc:3)` → `f (x.cc:3)`: in a list, arguments and offsets are noise. */
export function briefly(description: string): string {
  const place = / \([^()]*:\d+\)$/.exec(description)?.[0] ?? '';
  const name = description.slice(0, description.length - place.length);
  return `${name.replace(ARGUMENTS, '').replace(/\+0x[0-9a-f]+$/, '')}${place}`;
}
