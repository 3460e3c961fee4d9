import type { Address } from '../../guest/address.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { MemoryWrite } from '../kernel.ts';
import type { OsvMutexes } from './mutexes.ts';
import { type OsvStructures, PATCH_SITE, PROBES } from './structures.ts';
import type { OsvTraceMemory } from './trace-memory.ts';
import type { OsvTracepoints } from './tracepoints.ts';

/** arch/x64/arch-trace.cc: five bytes at each site, without and with a jump to what writes the record. */
const NO_OPERATION = '0f1f440000';
const JUMP = 0xe9;
const PATCH_SIZE = 5;
const MOST_SITES = 100_000;

/**
 * Turning tracepoints on and off, as core/trace.cc does it: their flags, and the code at each of their sites. All of it is memory, and
 * at a stop no CPU is inside the one instruction that a site is. Planned for a guest that stands; nothing is written here.
 */
export class OsvTracepointSwitch {
  readonly #points: OsvTracepoints;
  readonly #memory: OsvTraceMemory;
  readonly #mutexes: OsvMutexes;
  readonly #point;
  readonly #probes;
  readonly #site;
  readonly #symbols;

  constructor(
    structures: OsvStructures,
    { points, memory, mutexes }: { points: OsvTracepoints; memory: OsvTraceMemory; mutexes: OsvMutexes },
  ) {
    this.#points = points;
    this.#memory = memory;
    this.#mutexes = mutexes;
    const { layouts } = structures.facts;
    const point = layouts.struct('tracepoint_base');
    this.#point = {
      reader: point,
      id: { offset: point.offset('id'), size: point.typeOf('id').size },
      logging: point.offset('_logging'),
      active: point.offset('active'),
      isActive: point.boolean('active'),
      probes: point.pointer('probes_ptr._ptr'),
    };
    const probes = layouts.struct(PROBES);
    this.#probes = {
      reader: probes,
      begin: probes.pointer('_M_impl._M_start'),
      end: probes.pointer('_M_impl._M_finish'),
    };
    const site = layouts.struct(PATCH_SITE);
    this.#site = {
      size: site.size,
      id: site.offset('id'),
      code: site.offset('patch_site'),
      target: site.offset('slow_path'),
    };
    this.#symbols = {
      lock: structures.symbol('_ZL18trace_control_lock'),
      begin: structures.symbol('__tracepoint_patch_sites_start'),
      end: structures.symbol('__tracepoint_patch_sites_end'),
    };
  }

  /**
   * What turns all tracepoints of a name on or off; nothing where they are so. Undefined while the guest is about to change what would
   * be written: then again, a moment later. @throws Error with one sentence.
   */
  plan(snapshot: Snapshot, name: string, isEnabled: boolean): MemoryWrite[] | undefined {
    const points = this.#points.list(snapshot).filter((point) => point.name === name);
    if (points.length === 0) {
      throw new Error(`The kernel has no tracepoint "${name}".`);
    }
    const changed = points.filter((point) => point.isEnabled !== isEnabled);
    if (changed.length === 0) {
      return [];
    }
    if (!this.#mutexes.isFree(snapshot, this.#symbols.lock)) {
      return undefined;
    }
    const buffers = isEnabled ? this.#memory.plan(snapshot) : [];
    return buffers && [...buffers, ...changed.flatMap(({ address }) => this.#turn(snapshot, address, isEnabled))];
  }

  /** `tracepoint_base::update`. */
  #turn(snapshot: Snapshot, point: Address, isEnabled: boolean): MemoryWrite[] {
    const place = snapshot.at(this.#point.reader, point);
    const writes = [flag(point + this.#point.logging, isEnabled)];
    const isActive = isEnabled || this.#hasProbes(snapshot, this.#point.probes(place));
    if (isActive !== this.#point.isActive(place)) {
      writes.push(flag(point + this.#point.active, isActive), ...this.#patches(snapshot, point, isActive));
    }
    return writes;
  }

  #hasProbes(snapshot: Snapshot, list: Address): boolean {
    if (list === 0) {
      return false;
    }
    const place = snapshot.at(this.#probes.reader, list);
    return this.#probes.begin(place) !== this.#probes.end(place);
  }

  #patches(snapshot: Snapshot, point: Address, isActive: boolean): MemoryWrite[] {
    const { id } = this.#point;
    const wanted = snapshot.read(point + id.offset, id.size);
    return this.#sites(snapshot)
      .filter((site) => site.subarray(this.#site.id, this.#site.id + id.size).equals(wanted))
      .map((site) => {
        const code = Number(site.readBigInt64LE(this.#site.code));
        const jump = jumpTo(Number(site.readBigInt64LE(this.#site.target)) - (code + PATCH_SIZE));
        const [before, after] = isActive ? [NO_OPERATION, jump] : [jump, NO_OPERATION];
        const found = snapshot.read(code, PATCH_SIZE).toString('hex');
        if (found !== before && found !== after) {
          throw new Error(`A tracepoint's code at 0x${code.toString(16)} is not as the kernel has it: ${found}.`);
        }
        return { address: code, bytes: after };
      });
  }

  #sites(snapshot: Snapshot): Buffer[] {
    const { begin, end } = this.#symbols;
    const count = Math.min(MOST_SITES, Math.floor((end - begin) / this.#site.size));
    const bytes = snapshot.read(begin, count * this.#site.size);
    return Array.from({ length: count }, (_, index) =>
      bytes.subarray(index * this.#site.size, (index + 1) * this.#site.size),
    );
  }
}

function flag(address: Address, isSet: boolean): MemoryWrite {
  return { address, bytes: isSet ? '01' : '00' };
}

/** @param distance from behind the instruction */
function jumpTo(distance: number): string {
  const bytes = Buffer.alloc(PATCH_SIZE);
  bytes.writeUInt8(JUMP);
  bytes.writeInt32LE(distance, 1);
  return bytes.toString('hex');
}
