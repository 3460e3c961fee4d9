/** Parentheses that are part of a name. */
const NAME_PARENTHESES = ['(anonymous namespace)', '()'];

/**
 * `ns::(anonymous namespace)::f<void (int)>(int) const` → `ns::(anonymous namespace)::f<void (int)>`: a demangled function without
 * its arguments. They begin at the first parenthesis that is in no brackets and no part of the name.
 */
export function withoutArguments(name: string): string {
  let depth = 0;
  for (let at = 0; at < name.length; at++) {
    const operator = /^operator\s*(?:\(\)|<=>|<<=?|>>=?|->\*?|[<>]=?)/.exec(name.slice(at, at + 16));
    if (operator && !/\w/.test(name[at - 1] ?? '')) {
      at += operator[0].length - 1;
      continue;
    }
    const character = name[at];
    if (character === '<' || character === '{') {
      depth++;
    } else if (character === '>' || character === '}') {
      depth--;
    } else if (character === '(' && depth === 0) {
      const part = NAME_PARENTHESES.find((text) => name.startsWith(`${text}::`, at));
      if (part === undefined) {
        return name.slice(0, at);
      }
      at += part.length - 1;
    }
  }
  return name;
}

/** `f(int)+0x12 (x.cc:3)` → `f (x.cc:3)`: in a list, arguments and offsets are noise. */
export function briefly(description: string): string {
  const place = / \([^()]*:\d+\)$/.exec(description)?.[0] ?? '';
  const name = description.slice(0, description.length - place.length);
  return `${withoutArguments(name).replace(/\+0x[0-9a-f]+$/, '')}${place}`;
}
