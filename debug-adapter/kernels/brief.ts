/** `f(int)+0x12 (x.cc:3)` → `f (x.cc:3)`: in a list, arguments and offsets are noise. */
export function briefly(description: string): string {
  return description
    .replace(/(?<=[^:(])\((?!anonymous namespace\)).*\)(?=\+0x| \([^()]*:\d+\)|$)/s, '')
    .replace(/\+0x[0-9a-f]+/, '');
}
