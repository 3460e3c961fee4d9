import { type Address, formatAddress } from '../../guest/address.ts';
import type { AddressSpace } from '../../guest/address-space.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { KernelFacts } from '../kernel.ts';
import type { Identification } from '../model.ts';
import type { OsvMallocPools } from './malloc-pools.ts';
import type { OsvThreads } from './threads.ts';

/** Tells what lies at an address: a symbol, a stack, an object of a malloc pool, a free page. */
export class OsvIdentify {
  readonly #facts: KernelFacts;
  readonly #threads: OsvThreads | undefined;
  readonly #pools: OsvMallocPools | undefined;

  constructor(facts: KernelFacts, threads: OsvThreads | undefined, pools: OsvMallocPools | undefined) {
    this.#facts = facts;
    this.#threads = threads;
    this.#pools = pools;
  }

  identify(snapshot: Snapshot, address: Address, space: AddressSpace): Identification {
    try {
      return (
        this.#symbol(address) ??
        this.#stack(snapshot, address) ??
        this.#pools?.identify(snapshot, address, space.translate(address)) ?? {
          address,
          kind: 'page',
          description: 'a page that is in use: a large allocation, a map or the kernel’s own',
        }
      );
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return { address, kind: 'nothing', description: `${formatAddress(address)}: nothing is mapped here` };
      }
      throw error;
    }
  }

  #symbol(address: Address): Identification | undefined {
    const found = this.#facts.symbols.at(address);
    if (!found) {
      return undefined;
    }
    const { symbol } = found;
    const place = symbol.section === '' ? '' : ` in ${symbol.section}`;
    const description = `${this.#facts.describe(address)}${place}`;
    return { address, kind: 'symbol', description, base: symbol.address, size: symbol.size };
  }

  #stack(snapshot: Snapshot, address: Address): Identification | undefined {
    for (const { stack, id, name } of this.#threads?.read(snapshot).rows ?? []) {
      if (stack && address >= stack.base && address < stack.base + stack.size) {
        const depth = stack.base + stack.size - address;
        return {
          address,
          kind: 'stack',
          description: `stack of thread ${id} "${name}", 0x${depth.toString(16)} below its top`,
          base: stack.base,
          size: stack.size,
          thread: { thread: id, threadName: name },
        };
      }
    }
    return undefined;
  }
}
