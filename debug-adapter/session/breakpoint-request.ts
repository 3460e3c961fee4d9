/** What a client wants of one breakpoint, in gdb's words. Pure. */

export interface BreakpointRequest {
  /** What gdb's `-break-insert` takes: `--source "f" --line 3`, `--function "f"`, `*0x1000`. */
  location: string;
  /** The same for gdb's console syntax, which Python breakpoints take. */
  linespec: string;
  condition: string | undefined;
  hits: HitCondition | undefined;
  /** Texts and expressions in turn, beginning with a text; undefined: it stops. */
  log: string[] | undefined;
}

/** When a breakpoint that is hit stops: after `skip` hits; `once`, then never again; or at `every` so many hits. */
export interface HitCondition {
  skip: number;
  once?: boolean;
  every?: number;
}

/**
 * `5` and `>= 5`: from the fifth hit on; `> 5`; `== 5` or `= 5`: that hit only; `% 5`: every fifth.
 * @throws Error with one sentence for anything else.
 */
export function parseHitCondition(text: string): HitCondition {
  const [, operator = '', digits = ''] = /^\s*(>=|>|==|=|%)?\s*(\d{1,9})\s*$/.exec(text) ?? [];
  const count = Number(digits);
  if (digits === '' || (count === 0 && operator !== '>' && operator !== '>=')) {
    throw new Error(`"${text}" is no hit count: write a number, or one after >=, >, == or %.`);
  }
  switch (operator) {
    case '>':
      return { skip: count };
    case '%':
      return { skip: count - 1, every: count };
    case '=':
    case '==':
      return { skip: count - 1, once: true };
    default:
      return { skip: Math.max(0, count - 1) };
  }
}

/**
 * The parts of a log message: `a {b} c` is a text, an expression, a text. Braces nest inside an expression; a brace behind a
 * backslash is a brace.
 */
export function parseLogMessage(message: string): string[] {
  const parts = [''];
  let depth = 0;
  for (let at = 0; at < message.length; at++) {
    const character = message[at] ?? '';
    const next = message[at + 1] ?? '';
    const last = parts.length - 1;
    if (character === '\\' && '{}\\'.includes(next) && next !== '') {
      parts[last] += next;
      at++;
    } else if (character === '{' && depth++ === 0) {
      parts.push('');
    } else if (character === '}' && depth > 0 && --depth === 0) {
      parts.push('');
    } else {
      parts[last] += character;
    }
  }
  return parts;
}

export function sameRequest(a: BreakpointRequest, b: BreakpointRequest): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
