/** Finds the expression of C or C++ that a person points at. Pure. */

export interface FoundExpression {
  text: string;
  /** Columns, from 0; the end is exclusive. */
  start: number;
  end: number;
}

/** What stands where an expression may, and is none. */
const KEYWORDS = new Set(
  [
    'alignas alignof asm auto bool break case catch char class concept const consteval constexpr constinit continue',
    'decltype default delete do double else enum explicit export extern false float for friend goto if inline int long',
    'mutable namespace new noexcept nullptr operator private protected public register requires return short signed',
    'sizeof static static_assert struct switch template throw true try typedef typename union unsigned using virtual',
    'void volatile while co_await co_return co_yield',
  ].flatMap((line) => line.split(' ')),
);

const NUMBER_OR_NAME = /0[xX][0-9a-fA-F]+|\d[\w.]*|[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*/g;
/** Of numbers only addresses are told. */
const ADDRESS = /^0[xX][0-9a-fA-F]{4,16}$/;

/** A register in AT&T's syntax, as gdb names it: `%rax` is `$rax`. Undefined where there is none; for assembly only. */
export function registerAt(line: string, column: number): FoundExpression | undefined {
  for (const match of line.matchAll(/%([a-z][a-z0-9]*)/g)) {
    const end = match.index + match[0].length;
    if (column >= match.index && column < end) {
      return { text: `$${match[1]}`, start: match.index, end };
    }
  }
  return undefined;
}

/**
 * The name or address at `column` with what it is a member of: of `a.b->c[i].d`, pointed at `c`, `a.b->c`. Undefined in comments and
 * texts, on keywords and behind calls, whose value cannot be had without running them.
 */
export function expressionAt(line: string, column: number): FoundExpression | undefined {
  const code = withoutTexts(line);
  for (const match of code.matchAll(NUMBER_OR_NAME)) {
    const start = match.index;
    const end = start + match[0].length;
    if (column < start || column >= end) {
      continue;
    }
    if (/^\d/.test(match[0])) {
      return ADDRESS.test(match[0]) ? { text: match[0], start, end } : undefined;
    }
    const first = KEYWORDS.has(match[0]) ? undefined : startOfChain(code, start);
    return first === undefined ? undefined : { text: line.slice(first, end), start: first, end };
  }
  return undefined;
}

/** Where what `code[start]` is a member of begins: `start` itself when it is no member. Undefined behind a call. */
function startOfChain(code: string, start: number): number | undefined {
  const operator = /(?:\.|->)\s*$/.exec(code.slice(0, start));
  if (!operator) {
    return start;
  }
  let at = operator.index;
  while (code[at - 1] === ']') {
    const open = openingOf(code, at - 1);
    if (open === undefined || code.slice(open, at).includes('(')) {
      return undefined;
    }
    at = open;
  }
  if (code[at - 1] === ')') {
    return startOfGroup(code, at - 1);
  }
  const name = /[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*$/.exec(code.slice(0, at));
  return name && !KEYWORDS.has(name[0]) ? startOfChain(code, name.index) : undefined;
}

/** Of `(*p)` or `((T *)p)`; undefined for the arguments of a call, and where something is called within. */
function startOfGroup(code: string, close: number): number | undefined {
  const open = openingOf(code, close);
  const isCall = open === undefined || /[\w\])>]\s*$/.test(code.slice(0, open));
  return isCall || /\w\s*\(/.test(code.slice(open, close)) ? undefined : open;
}

function openingOf(code: string, close: number): number | undefined {
  const pair = code[close] === ']' ? '[]' : '()';
  let depth = 0;
  for (let at = close; at >= 0; at--) {
    depth += code[at] === pair[1] ? 1 : code[at] === pair[0] ? -1 : 0;
    if (depth === 0) {
      return at;
    }
  }
  return undefined;
}

/** The line with texts, characters and comments blanked out: each column stays where it is. */
function withoutTexts(line: string): string {
  return line.replace(/"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'|\/\/.*|\/\*.*?(?:\*\/|$)/g, (text) =>
    ' '.repeat(text.length),
  );
}
