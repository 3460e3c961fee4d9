/** The parts of a demangled name: namespaces, classes, template arguments, and the name itself. */

export interface NameParts {
  /** Namespaces and classes around it, outermost first, with their template arguments. */
  scopes: string[];
  /** The name itself, with its parameters: `push(int)`, `vtable for Thread`. */
  leaf: string;
}

const SPECIAL =
  /^(vtable|VTT|typeinfo name|typeinfo|guard variable|(?:non-virtual |virtual |covariant return )?thunk to|construction vtable|reference temporary #\d+|TLS (?:init|wrapper) function) (?:for |)(.*)$/;
const ANONYMOUS = '(anonymous namespace)';

/**
 * Splits a name at its outer `::`. What the compiler appends (`[clone .isra.0]`, `.cold`, `.llvm.123`, a Rust hash) belongs to the leaf.
 * A special name (`vtable for a::B`) lies in the scope of what it is for, as `B` there: what a class costs stands at one place.
 */
export function splitName(name: string): NameParts {
  const special = SPECIAL.exec(name);
  if (special) {
    const inner = splitName(special[2] as string);
    const isOfFunction = (special[1] as string).endsWith('thunk to') || special[1] === 'guard variable';
    return isOfFunction
      ? { scopes: inner.scopes, leaf: `${special[1]} ${inner.leaf}` }
      : { scopes: [...inner.scopes, inner.leaf], leaf: `${special[1]}` };
  }
  const parts = outerParts(name);
  const leaf = parts.pop() as string;
  return { scopes: parts, leaf };
}

/** The name without template arguments: `Vector` of `Vector<int>`; undefined when it has none. */
export function templateOf(part: string): string | undefined {
  if (part.startsWith('<') || part.startsWith('operator')) {
    return undefined;
  }
  const open = part.indexOf('<');
  const parameters = part.indexOf('(');
  return open > 0 && (parameters < 0 || open < parameters) ? part.slice(0, open) : undefined;
}

/** The full name without parameters: what people type. */
export function bareName(name: string): string {
  const { scopes, leaf } = splitName(normalizedName(name));
  const parameters = leaf.startsWith('operator()') ? leaf.indexOf('(', 10) : leaf.indexOf('(');
  return [...scopes, parameters > 0 ? leaf.slice(0, parameters) : leaf].join('::');
}

/** The name as two builds share it: without what the compiler numbers by chance. */
export function normalizedName(name: string): string {
  return name
    .replace(/ \[clone [^\]]*\]/g, '')
    .replace(/\.(?:isra|constprop|part|cold|lto_priv|llvm|localalias)(?:\.\d+)*/g, '')
    .replace(/(?<=\w)\.\d+$/, '')
    .replaceAll('{anonymous}', ANONYMOUS)
    .replaceAll('_GLOBAL__N_1', ANONYMOUS)
    .replace(/::h[0-9a-f]{16}$/, '');
}

/** Parts between `::` that stand outside of any bracket. The parameter list and what follows stay with the last part. */
function outerParts(name: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < name.length; at++) {
    const character = name.charCodeAt(at);
    if (character === 0x6f && name.startsWith('operator', at) && !isWord(name.charCodeAt(at - 1)) && depth === 0) {
      at = skipOperator(name, at + 8) - 1;
    } else if (character === OPEN_ANGLE || character === OPEN_BRACE || character === OPEN_SQUARE) {
      depth++;
    } else if (character === OPEN_ROUND) {
      if (depth === 0 && !name.startsWith(ANONYMOUS, at) && !isScope(name, at)) {
        break;
      }
      depth++;
    } else if (character === CLOSE_ROUND || character === CLOSE_BRACE || character === CLOSE_SQUARE) {
      depth = Math.max(0, depth - 1);
    } else if (character === CLOSE_ANGLE && name.charCodeAt(at - 1) !== MINUS) {
      depth = Math.max(0, depth - 1);
    } else if (character === COLON && depth === 0 && name.charCodeAt(at + 1) === COLON) {
      parts.push(name.slice(from, at));
      at++;
      from = at + 1;
    }
  }
  parts.push(name.slice(from));
  return parts.filter((part, index) => part !== '' || index === parts.length - 1);
}

const OPEN_ANGLE = 0x3c;
const CLOSE_ANGLE = 0x3e;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_SQUARE = 0x5b;
const CLOSE_SQUARE = 0x5d;
const OPEN_ROUND = 0x28;
const CLOSE_ROUND = 0x29;
const COLON = 0x3a;
const MINUS = 0x2d;

function isWord(character: number): boolean {
  return (
    (character >= 0x30 && character <= 0x39) ||
    (character >= 0x41 && character <= 0x5a) ||
    (character >= 0x61 && character <= 0x7a) ||
    character === 0x5f
  );
}

/** Past the symbol of an operator, so that `operator<`, `operator->` and `operator()` open no bracket. */
function skipOperator(name: string, from: number): number {
  const symbol = /^(?:\(\)|\[\]|<=>|<<=?|>>=?|->\*?|<=?|>=?|[-+*/%^&|~!=,]+)/.exec(name.slice(from, from + 4));
  return from + (symbol?.[0].length ?? 0);
}

/** Whether the parameters that begin at `at` belong to a function that encloses the name: `f(int)::local`. */
function isScope(name: string, at: number): boolean {
  let depth = 0;
  for (let index = at; index < name.length; index++) {
    const character = name.charCodeAt(index);
    if (character === OPEN_ROUND) {
      depth++;
    } else if (character === CLOSE_ROUND && --depth === 0) {
      return /^(?: const| volatile|&|&&)*(?:\[abi:\w+\])?::/.test(name.slice(index + 1, index + 40));
    }
  }
  return false;
}
