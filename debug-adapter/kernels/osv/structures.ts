import { type Address, readSigned64 } from '../../guest/address.ts';
import { MissingLayout } from '../../guest/layouts.ts';
import type { ListNodeReader } from '../../guest/lists.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import type { KernelFacts } from '../kernel.ts';

/** cpu_set is a 64-bit mask. */
export const MOST_CPUS = 64;
/** No list of ours is longer, whatever the guest says. */
export const MOST_ELEMENTS = 1_000_000;

/** A node of std::unordered_map<unsigned, sched::thread*>: a link, then the pair. */
export const THREAD_NODE = 'std::__detail::_Hash_node<std::pair<unsigned int const, sched::thread*>, false>';
export const THREAD_PAIR = 'std::pair<unsigned int const, sched::thread*>';

/** A node of the L2's lock-free stack. */
export const STACK_NODE =
  'boost::lockfree::stack<memory::page_pool::page_batch*, boost::lockfree::fixed_sized<true> >::node';

/** bsd/porting/callout.cc. */
export const CALLOUTS = 'callouts::_callouts';

/** bsd/sys/netinet/tcp_input.cc: the list of all. */
export const TCP_CONNECTIONS = 'tcb';

/** core/elf.cc: what was loaded, for debuggers. */
export const PROGRAMS = 'elf::program::s_objs';

/** core/trace.cc. */
export const TRACEPOINTS = 'tracepoint_base::tp_list';
export const PATCH_SITE = 'tracepoint_patch_site';
export const PROBES = 'std::vector<tracepoint_base::probe*, std::allocator<tracepoint_base::probe*> >';
export const TRACE_BUFFER = 'percpu_trace_buffer';

export const OSV_TYPES = [
  'sched::thread',
  'sched::thread::status',
  'sched::thread::detached_state',
  'sched::cpu',
  'sched::timer_base',
  'lockfree::mutex',
  'wait_record',
  'condvar',
  'vnode',
  'dentry',
  'mount',
  'memory::pool',
  'memory::pool::page_header',
  'memory::page_range',
  'memory::page_pool::l1',
  'memory::page_pool::l2',
  'memory::page_pool::page_batch',
  'memory::garbage_sink',
  STACK_NODE,
  'async::async_worker',
  'async::percpu_timer_task',
  'async::timer_task',
  'async::serial_timer_task',
  'tcp_timer',
  'tcp_timer_type',
  'tcpcb',
  'inpcb',
  'callout',
  'elf::object',
  'tracepoint_base',
  'trace_record',
  'trace_buf',
  PATCH_SITE,
  PROBES,
  'boost::intrusive::list_node<void*>',
  'boost::intrusive::rbtree_node<void*>',
  THREAD_NODE,
  THREAD_PAIR,
] as const;

export const OSV_VARIABLES = [
  'sched::cpus',
  'sched::thread_map',
  'vnode_table',
  'memory::malloc_pools',
  'memory::free_page_ranges',
  'memory::page_pool::percpu_l1',
  'memory::page_pool::global_l2',
  CALLOUTS,
  TCP_CONNECTIONS,
  PROGRAMS,
  TRACEPOINTS,
] as const;

/** One CPU, for one reading. */
export interface OsvCpu {
  id: number;
  address: Address;
  percpuBase: Address;
  bringupThread: Address;
  runningSince: number;
}

/** What several views need: symbols, CPUs, list nodes, the clock. */
export class OsvStructures {
  readonly facts: KernelFacts;
  /** boost's circular list node. */
  readonly node: ListNodeReader;
  readonly #cpus;
  readonly #cpu;
  /** Of a CPU: what always changes, and is right whenever it is read. */
  readonly #clocks;

  constructor(facts: KernelFacts) {
    this.facts = facts;
    const { layouts } = facts;
    const node = layouts.struct('boost::intrusive::list_node<void*>');
    this.node = { reader: node, next: node.pointer('next_'), previous: node.pointer('prev_') };
    const cpus = layouts.variable('sched::cpus');
    this.#cpus = {
      reader: cpus,
      address: this.symbol('sched::cpus'),
      begin: cpus.pointer('_M_impl._M_start'),
      end: cpus.pointer('_M_impl._M_finish'),
    };
    const cpu = layouts.struct('sched::cpu');
    this.#cpu = {
      reader: cpu,
      id: cpu.number('id'),
      percpuBase: cpu.pointer('percpu_base'),
      bringupThread: cpu.pointer('bringup_thread'),
    };
    const clocks = layouts.struct('sched::cpu');
    this.#clocks = {
      reader: clocks,
      runningSince: clocks.number('running_since'),
      last: clocks.number('timers._last'),
    };
  }

  /** The address of a variable. @throws MissingLayout when this build does not have it. */
  symbol(name: string): Address {
    const symbol = this.facts.symbols.find(name);
    if (!symbol) {
      throw new MissingLayout(`variable ${name}`);
    }
    return symbol.address;
  }

  /** The CPUs that came up. Clocks are glanced at: they always change. */
  cpus(snapshot: Snapshot): OsvCpu[] {
    return this.cpuAddresses(snapshot).map((address) => {
      const place = snapshot.at(this.#cpu.reader, address);
      return {
        address,
        id: this.#cpu.id(place),
        percpuBase: this.#cpu.percpuBase(place),
        bringupThread: this.#cpu.bringupThread(place),
        runningSince: this.#clocks.runningSince(snapshot.glance(this.#clocks.reader, address)),
      };
    });
  }

  cpuAddresses(snapshot: Snapshot): Address[] {
    const place = snapshot.at(this.#cpus.reader, this.#cpus.address);
    const begin = this.#cpus.begin(place);
    const count = (this.#cpus.end(place) - begin) / 8;
    if (!(Number.isInteger(count) && count >= 0 && count <= MOST_CPUS)) {
      return [];
    }
    const bytes = count > 0 ? snapshot.read(begin, count * 8) : Buffer.alloc(0);
    return Array.from({ length: count }, (_, index) => readSigned64(bytes, index * 8));
  }

  /** Where a CPU has its own of a PERCPU variable. */
  percpuAddress(variable: Address, cpu: OsvCpu): Address {
    // Both are offsets in a 64-bit space; the sum is the address modulo 2^64.
    return Number(BigInt.asIntN(64, BigInt(cpu.percpuBase) + BigInt(variable)));
  }

  /** The value of a PERCPU pointer on a CPU; 0 when it cannot be read. */
  percpuPointer(snapshot: Snapshot, variable: Address, cpu: OsvCpu): Address {
    try {
      const { view, offset } = snapshot.place(this.percpuAddress(variable, cpu), 8);
      return signed64(view, offset);
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return 0;
      }
      throw error;
    }
  }

  /** A lower bound for now: there is no clock in RAM, but each CPU keeps when it last switched and last ran timers. */
  guestTime(snapshot: Snapshot): number {
    let latest = 0;
    for (const address of this.cpuAddresses(snapshot)) {
      const place = snapshot.glance(this.#clocks.reader, address);
      latest = Math.max(latest, this.#clocks.runningSince(place), this.#clocks.last(place));
    }
    return latest;
  }

  /** Reads the nodes of std::unordered_map<unsigned, thread*>. */
  threadNode(): { reader: ReturnType<KernelFacts['layouts']['struct']>; next: number; pointer: number } {
    const { layouts } = this.facts;
    const reader = layouts.struct(THREAD_NODE);
    return {
      reader,
      next: reader.offset('_M_nxt'),
      pointer: reader.offset('_M_storage') + layouts.struct(THREAD_PAIR).offset('second'),
    };
  }
}
