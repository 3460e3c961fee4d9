/** A range of addresses, the end excluded. */
export interface AddressRange {
  start: bigint;
  end: bigint;
}

/** What a resume of gdb asks, once its actions are put in order. Threads are DAP ids. */
export interface ResumePlan {
  /** The thread to step; undefined: everything that runs, runs on. */
  step: number | undefined;
  /** Steps until outside; undefined: one instruction. */
  range: AddressRange | undefined;
  /** Whether the others run meanwhile. */
  others: boolean;
  /** The only thread that runs on (`vCont;c:T`); undefined: all. */
  only: number | undefined;
}

/**
 * Parses `vCont;…` (GDB manual, "Packets", vCont): `c`, `C sig`, `s`, `S sig`, `r start,end`, each with a thread or none; the leftmost
 * that fits a thread counts. Undefined for what we do not offer (`t`, two threads stepped at once).
 */
export function parseVCont(text: string): ResumePlan | undefined {
  const plan: ResumePlan = { step: undefined, range: undefined, others: false, only: undefined };
  for (const action of text.split(';').slice(1)) {
    const [what = '', thread] = action.split(':');
    const id = thread === undefined ? -1 : parseThreadId(thread);
    if (id === undefined) {
      return undefined;
    }
    const range = /^r([0-9a-f]+),([0-9a-f]+)$/.exec(what);
    if (/^(s|S[0-9a-f]{2})$/.test(what) || range !== null) {
      if (plan.step !== undefined || id === -1) {
        return undefined;
      }
      plan.step = id;
      plan.range = range === null ? undefined : { start: BigInt(`0x${range[1]}`), end: BigInt(`0x${range[2]}`) };
    } else if (/^(c|C[0-9a-f]{2})$/.test(what)) {
      if (id === -1) {
        plan.others = true;
        break;
      }
      plan.only = id;
    } else {
      return undefined;
    }
  }
  return plan.others || plan.step !== undefined || plan.only !== undefined ? plan : undefined;
}

/** A thread id of RSP: hexadecimal, -1 and 0 for all or any; a process is skipped. Undefined when it is none. */
export function parseThreadId(text: string): number | undefined {
  const thread = text.includes('.') ? text.slice(text.indexOf('.') + 1) : text;
  if (thread === '-1') {
    return -1;
  }
  return /^[0-9a-f]{1,12}$/i.test(thread) ? Number.parseInt(thread, 16) : undefined;
}
