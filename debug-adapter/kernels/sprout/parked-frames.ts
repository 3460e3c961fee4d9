import type { Address } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { interestingFrame, type ParkedFrame, parkedFrame } from '../interesting-frame.ts';
import type { KernelFacts, KnownRegisters, RegisterName } from '../kernel.ts';
import { SPROUT_PLUMBING } from './plumbing.ts';
import type { SproutStructures } from './structures.ts';

const REGISTERS: readonly RegisterName[] = ['rbx', 'rbp', 'r12', 'r13', 'r14', 'r15'];

/** What a parked thread has saved on its stack (SwitchFrame), and where it really is. */
export class SproutParkedFrames {
  readonly #facts: KernelFacts;
  readonly #frame;
  /** A thread that has not run since keeps its stack, so its frame is found once. */
  readonly #known = new Map<Address, { stackPointer: Address; switches: number; frame: ParkedFrame | undefined }>();

  constructor(structures: SproutStructures) {
    this.#facts = structures.facts;
    const frame = this.#facts.layouts.struct('sprout::arch::SwitchFrame');
    const saved = REGISTERS.filter((name) => frame.has(name)).map((name) => ({ name, offset: frame.offset(name) }));
    frame.pointer('return_address');
    this.#frame = { reader: frame, saved, returnAddress: frame.offset('return_address') };
  }

  /** Registers as the thread will find them. @throws UnreadableMemory. */
  registers(snapshot: Snapshot, stackPointer: Address): KnownRegisters {
    const { reader, saved, returnAddress } = this.#frame;
    const { view, offset } = snapshot.at(reader, stackPointer);
    const registers: KnownRegisters = {
      rsp: BigInt.asUintN(64, BigInt(stackPointer + reader.size)),
      rip: view.getBigUint64(offset + returnAddress, true),
    };
    for (const { name, offset: at } of saved) {
      registers[name] = view.getBigUint64(offset + at, true);
    }
    return registers;
  }

  /** Where the thread at `thread` waits; undefined when that cannot be told, and when it has not left its CPU: `stackPointer` is 0. */
  find(snapshot: Snapshot, thread: Address, stackPointer: Address, switches: number): ParkedFrame | undefined {
    if (stackPointer === 0) {
      return undefined;
    }
    const known = this.#known.get(thread);
    if (known?.stackPointer === stackPointer && known.switches === switches) {
      return known.frame;
    }
    const frame = this.#find(snapshot, stackPointer);
    this.#known.set(thread, { stackPointer, switches, frame });
    return frame;
  }

  #find(snapshot: Snapshot, stackPointer: Address): ParkedFrame | undefined {
    try {
      const { rip, rbp } = this.registers(snapshot, stackPointer);
      const address = interestingFrame(snapshot, signed(rip), signed(rbp), SPROUT_PLUMBING, (at) =>
        this.#facts.functionAt(at),
      );
      return address === undefined ? undefined : parkedFrame(address, (at) => this.#facts.describe(at));
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return undefined;
      }
      throw error;
    }
  }
}

function signed(value: bigint | undefined): Address {
  return Number(BigInt.asIntN(64, value ?? 0n));
}
