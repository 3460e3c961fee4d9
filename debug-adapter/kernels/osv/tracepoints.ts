import type { Address } from '../../guest/address.ts';
import { walkList } from '../../guest/lists.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { type OsvStructures, TRACEPOINTS } from './structures.ts';

const MOST_TRACEPOINTS = 10_000;
const LONGEST_TEXT = 256;

export interface OsvTracepoint {
  address: Address;
  /** `sched_switch` */
  name: string;
  /** What its records hold: a letter for each argument. */
  signature: string;
  /** For people, as printf has it. */
  format: string;
  /** Whether it writes records. */
  isEnabled: boolean;
}

/** Every tracepoint of the kernel, and of programs that have some. */
export class OsvTracepoints {
  readonly #structures: OsvStructures;
  readonly #list;
  readonly #point;
  /** They hardly ever change, and are asked for with each record. */
  readonly #known = new Map<Address, OsvTracepoint>();

  constructor(structures: OsvStructures) {
    this.#structures = structures;
    const { layouts } = structures.facts;
    const list = layouts.variable(TRACEPOINTS);
    this.#list = structures.symbol(TRACEPOINTS) + list.offset('data_.root_plus_size_.m_header');
    const point = layouts.struct('tracepoint_base');
    this.#point = {
      reader: point,
      hook: point.offset('tp_list_link'),
      name: point.pointer('name'),
      signature: point.pointer('sig'),
      format: point.pointer('format'),
      isEnabled: point.boolean('_logging'),
    };
  }

  list(snapshot: Snapshot): OsvTracepoint[] {
    const { nodes } = walkList(snapshot, this.#structures.node, this.#list, MOST_TRACEPOINTS);
    return nodes.map((node) => this.#read(snapshot, node - this.#point.hook));
  }

  /** What a record names; remembered. @throws UnreadableMemory where there is none. */
  at(snapshot: Snapshot, address: Address): OsvTracepoint {
    let point = this.#known.get(address);
    if (!point) {
      point = this.#read(snapshot, address);
      this.#known.set(address, point);
    }
    return point;
  }

  #read(snapshot: Snapshot, address: Address): OsvTracepoint {
    const place = snapshot.glance(this.#point.reader, address);
    const text = (at: Address): string => snapshot.text(at, LONGEST_TEXT) ?? '';
    return {
      address,
      name: text(this.#point.name(place)).replace(/^trace_/, ''),
      signature: text(this.#point.signature(place)),
      format: text(this.#point.format(place)),
      isEnabled: this.#point.isEnabled(place),
    };
  }
}
