/**
 * What the adapter speaks beside DAP: configurations, custom requests and events. Types only, and constants: every client
 * (VS Code, the terminal, other DAP clients) may import this file, and nothing else of the adapter but elf/ and kernels/model.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { SymbolPlace } from './elf/symbol-place.ts';
import type { Need } from './guest/needs.ts';
import type {
  AllocationGroup,
  BootPhase,
  Identification,
  PoolPageRow,
  ProfileReading,
  SlabRow,
  Tracepoint,
  TraceReading,
  ViewName,
  ViewRows,
  ViewSnapshot,
  WaitCycle,
} from './kernels/model.ts';
import type { SnapshotComparison } from './snapshots/model.ts';

export type { SymbolPlace } from './elf/symbol-place.ts';
export { type Address, formatAddress, parseAddress } from './guest/address.ts';
export type { Need } from './guest/needs.ts';
export type * from './kernels/model.ts';
export type * from './snapshots/model.ts';

/** The debug type in launch configurations. */
export const DEBUG_TYPE = 'unikernel';

/** What a launch and an attach configuration share. Every field is optional but `program` where the tree is not known. */
export interface CommonArguments {
  /** `sprout` or `osv`: a known tree; or the path of an ELF with debug information. Default: told from the workspace. */
  kernel?: string;
  /** The folder of the kernel's tree; `${workspaceFolder}` in VS Code. Relative paths start here. */
  cwd?: string;
  /** Replaces path prefixes of the debug information: from → to. */
  sourceMap?: Record<string, string>;
  /** The gdb program. Default `gdb`. */
  gdb?: string;
  /** Log MI, RSP and QMP traffic to this file. */
  logFile?: string;
}

export interface LaunchArguments extends CommonArguments, DebugProtocol.LaunchRequestArguments {
  /** RAM, as QEMU takes it: `256M`, `1G`. Default `256M`. */
  memory?: string;
  /** 1 to 8; default 1. */
  cpus?: number;
  /** Default `q35`. */
  machine?: 'pc' | 'q35' | 'microvm';
  /** Default `auto`: KVM only where it works (the device opens and the CPU shows vmx or svm). */
  accelerator?: 'auto' | 'tcg' | 'kvm';
  /** The kernel's command line. */
  commandLine?: string;
  /** Disk images, virtio. */
  disks?: string[];
  /** QEMU `-netdev` values; a virtio NIC each. */
  networks?: string[];
  /** Stop at the first instruction that the kernel's entry function runs. Default false. */
  stopAtEntry?: boolean;
  /**
   * Save a snapshot when the guest panics, resets itself or triple-faults: `true` into `cwd`, a text into that folder, which is
   * made when it is missing. Its name is `<kernel>-<time>.core`; the console tells where it is. Default false.
   */
  snapshotOnPanic?: boolean | string;
  /** The QEMU program. Default `qemu-system-x86_64`. */
  qemu?: string;
  extraQemuArguments?: string[];
  /** The command that builds the kernel: argument list, no shell. Default: the known tree's own; `[]`: no build. */
  build?: string[];
  /** What an OSv tree's `scripts/build` makes before it boots. Default: nothing, what was built last is booted. */
  osv?: OsvBuild;
  /** Environment of the build, added to ours. */
  buildEnvironment?: Record<string, string>;
}

/** Options of OSv's `scripts/build`. */
export interface OsvBuild {
  /** The apps and modules of the image, such as `native-example` or `httpserver-api,cli`. */
  image?: string;
  /** The image's file system. */
  fs?: 'rofs' | 'zfs' | 'ramfs' | 'rofs_with_zfs' | 'virtiofs';
  mode?: 'release' | 'debug';
  /** Everything else, such as `conf_hide_symbols`: `1`. */
  options?: Record<string, string>;
}

export interface AttachArguments extends CommonArguments, DebugProtocol.AttachRequestArguments {
  /** QMP of a running QEMU: a unix socket's path or `host:port`. */
  qmp?: string;
  /** A gdbstub: a unix socket's path or `host:port`. Needed when neither `qmp` nor `core` is given. */
  gdbServer?: string;
  /** A memory dump in ELF format (`unikernel/saveSnapshot`, `dump-guest-memory`, `virsh dump --memory-only`). */
  core?: string;
}

/** Ids of DAP threads: a kernel thread's own id, or this plus n for "CPU n" (a CPU that runs no thread). */
export const CPU_THREAD_BASE = 0x4000_0000;

/** `unikernel/view`: one view, now. */
export interface ViewRequest {
  view: ViewName;
}
export type ViewResponse<V extends ViewName = ViewName> = ViewSnapshot<V>;

/** `unikernel/subscribe`: views at a rate, until `unikernel/unsubscribe` or the session's end. */
export interface SubscribeRequest {
  views: ViewName[];
  /** Snapshots a second, 0.1 to 50. */
  rate: number;
}
export interface SubscribeResponse {
  subscription: number;
}
export interface UnsubscribeRequest {
  subscription: number;
}

/**
 * Event `unikernel/viewChanged`: what changed since the last one of this subscription and view; the first has every row.
 * Apply in order of `sequence`: remove `removed`, then replace or add `changed` by `key`, then take the order of `order` if present.
 */
export interface ViewChangedEvent<V extends ViewName = ViewName> extends Omit<ViewSnapshot<V>, 'rows'> {
  subscription: number;
  changed: ViewRows[V][];
  removed: (string | number)[];
  /** All keys in order, only when the order changed in another way than by removing and appending. */
  order?: (string | number)[];
}

/** `unikernel/subscribePages`: the map of all pages of RAM at a rate, until `unikernel/unsubscribe` or the boot's end. */
export interface SubscribePagesRequest {
  /** Times a second, 0.1 to 50. */
  rate: number;
}

/** Event `unikernel/pagesChanged`: which pages are something else now; the first has every page. */
export interface PagesChangedEvent {
  subscription: number;
  sequence: number;
  running: boolean;
  guestTime: number;
  /** Page frames from address 0 on. */
  total: number;
  /**
   * Base64: for each run of changed pages its first frame and their count (32 bits each), then 16 bits a page, all little-endian.
   * Bits 0 to 7: the kind. Of a pool's page: the class in bits 8 to 12, how full its slab is (0 to 7) in bits 13 to 15; of a cached
   * page the CPU (255: the L2) in bits 8 to 15.
   */
  runs: string;
  /** With the first: names of kinds by number, and where the kernel maps frame 0. */
  kinds?: string[];
  base?: number;
  /** The object sizes of classes: with the first, and when they changed. A guest that boots has pages before it has pools. */
  classes?: number[];
}

/** `unikernel/poolPages`: the slabs of one size class, paged. */
export interface PoolPagesRequest {
  /** PoolClassRow.key */
  pool: string;
  start: number;
  /** 1 to 1000. */
  count: number;
}
export interface PoolPagesResponse {
  total: number;
  quality: 'whole' | 'torn';
  pages: PoolPageRow[];
}

/** `unikernel/slab`: the slab of a size class around an address, with each of its objects. */
export interface SlabRequest {
  /** `0x…`, as `memoryReference`s are. */
  address: string;
}
export interface SlabResponse {
  /** Undefined where there is none. */
  slab?: SlabRow;
}

/** `unikernel/cycles`: every cycle in the waits-for graph. */
export interface CyclesResponse {
  quality: 'whole' | 'torn';
  cycles: WaitCycle[];
}

/** `unikernel/liveValue`: an expression, read in the RAM of a guest that runs; gdb's syntax, globals and what they point to. */
export interface LiveValueRequest {
  expression: string;
  hexadecimal?: boolean;
  /**
   * Where the expression stands: names of its namespaces and classes need no prefix then. The answer's `expression` has what was
   * missing, and means the same anywhere. Without it a name that is not known is searched for in all namespaces.
   */
  source?: { path: string; line: number };
}
export interface LiveValue {
  name: string;
  /** Names the value again, for its children and for assignments. */
  expression: string;
  value: string;
  type: string;
  /** Members and elements that it has. */
  named: number;
  indexed: number;
  /** What a memory view should show. */
  memoryReference?: string;
  /** Why it cannot be read; `value` is empty then. */
  error?: string;
}

/** `unikernel/liveChildren`: members or elements of a value, paged. */
export interface LiveChildrenRequest {
  expression: string;
  hexadecimal?: boolean;
  start?: number;
  /** 1 to 1000. Default 1000. */
  count?: number;
}
export interface LiveChildrenResponse {
  children: LiveValue[];
}

/** `unikernel/setLiveValue`: writes to the RAM of a guest that runs. Not atomic: the guest may write the same place. */
export interface SetLiveValueRequest {
  expression: string;
  value: string;
}

/** `unikernel/subscribeValues`: expressions at a rate, until `unikernel/unsubscribeValues`. */
export interface SubscribeValuesRequest {
  /** At most 200. */
  expressions: string[];
  /** Values whose children are told too, a page of each: at most 50. */
  expanded?: LiveChildrenRequest[];
  hexadecimal?: boolean;
  /** Times a second, 0.1 to 50. */
  rate: number;
}

/** Event `unikernel/valuesChanged`: all values of a subscription, when one of them changed. */
export interface ValuesChangedEvent {
  subscription: number;
  sequence: number;
  /** In the order of `expressions`. */
  values: LiveValue[];
  /** In the order of `expanded`, when that was given. What cannot be read has no children. */
  children?: LiveValue[][];
}

/** `unikernel/allocations`: live allocations by chain of callers, the most bytes first; what grows from one to the next is a leak. */
export interface AllocationsResponse {
  groups: AllocationGroup[];
}

/** `unikernel/trace`: what happened lately on each CPU, from the kernel's trace rings. */
export interface TraceRequest {
  /** For each CPU, what `next` said the last time; `[]`: from the oldest on. */
  after: number[];
  /** The newest so many events of each CPU at most: 1 to 100,000. Default 100,000. */
  limit?: number;
}

/** `unikernel/profile`: what ran lately on each CPU, from the kernel's samples. Refused when it takes none. */
export interface ProfileRequest {
  /** For each CPU, what `next` said the last time; `[]`: from the oldest on. */
  after: number[];
}

/** `unikernel/bootPhases`: the way from power-on to the first program. */
export interface BootPhasesResponse {
  phases: BootPhase[];
}

/** `unikernel/tracepoints`: what the kernel could record, and whether it does. */
export interface TracepointsResponse {
  tracepoints: Tracepoint[];
}

/** `unikernel/setTracepoint`: records of a tracepoint from now on, or no more. A guest that runs stands for a moment. */
export interface SetTracepointRequest {
  /** As `unikernel/tracepoints` tells it. */
  name: string;
  enabled: boolean;
}

/** `unikernel/awarenessReport`: everything that the views ask of this build of the kernel, found or not. Needs no guest. */
export interface AwarenessReport {
  kernel: 'sprout' | 'osv';
  /** The ELF. */
  program: string;
  buildId?: string;
  needs: Need[];
  /** One sentence for each view or column that this build cannot have. */
  notes: string[];
}

/** `unikernel/identify`: what lies at an address, now. */
export interface IdentifyRequest {
  /** `0x…`, as `memoryReference`s are. */
  address: string;
}

/** `unikernel/symbolise`: where code addresses lie in the program. Needs no guest that stands. */
export interface SymboliseRequest {
  /** `0x…`, as `memoryReference`s are; at most 1000. */
  addresses: string[];
}
export interface SymboliseResponse {
  /** In the order of `addresses`; null for one in no symbol. */
  places: (SymbolPlace | null)[];
}

/** `unikernel/focusThread`: has the client show a thread of a guest that stands, by another `stopped` event. */
export interface FocusThreadRequest {
  /** DAP thread id. */
  thread: number;
}

/** `unikernel/symbols`: the largest symbols of the session's ELF. */
export interface SymbolsRequest {
  /** 1 to 10000. */
  count: number;
}
export interface SymbolsResponse {
  symbols: { name: string; address: number; size: number; section: string }[];
}

/** `unikernel/status`: what the session knows of the kernel. Also sent as the event `unikernel/status` when it changes. */
export interface StatusResponse {
  /** The awareness in use, undefined for an unknown kernel: every view then answers with one sentence. */
  kernel?: 'sprout' | 'osv';
  /** The path of the kernel's ELF. */
  program: string;
  running: boolean;
  /** Sentences for the user: drifted fields, torn windows, no RAM window. */
  notes: string[];
}

/**
 * `unikernel/saveSnapshot`: the guest's RAM and CPUs as an ELF core, to be opened by an attach configuration's `core`. A guest that runs
 * stands still while QEMU writes the file (some 0.2 s for 256 MiB), and runs on afterwards; nobody is told of a stop. QEMU makes the
 * file, with the rights of its user. When it cannot be written whole nothing is left of it.
 */
export interface SaveSnapshotRequest {
  /** Absolute; must not exist yet. */
  file: string;
}
export interface SaveSnapshotResponse {
  /** Bytes of the file. */
  size: number;
}

/**
 * `unikernel/compareSnapshots`: what changed from one moment to another of the same kernel build. Works without a guest too, before
 * `launch` and `attach`: `kernel`, `cwd` and `gdb` are then those of a configuration.
 */
export interface CompareSnapshotsRequest extends Pick<CommonArguments, 'kernel' | 'cwd' | 'gdb'> {
  /** Memory dumps; a relative path starts at `cwd`. */
  before: string;
  /** Default: this session's guest, now. */
  after?: string;
}

/** Requests by name, for typed callers. */
export interface CustomRequests {
  'unikernel/view': [ViewRequest, ViewResponse];
  'unikernel/subscribe': [SubscribeRequest, SubscribeResponse];
  'unikernel/unsubscribe': [UnsubscribeRequest, Record<string, never>];
  'unikernel/subscribePages': [SubscribePagesRequest, SubscribeResponse];
  'unikernel/poolPages': [PoolPagesRequest, PoolPagesResponse];
  'unikernel/slab': [SlabRequest, SlabResponse];
  'unikernel/cycles': [Record<string, never>, CyclesResponse];
  'unikernel/liveValue': [LiveValueRequest, LiveValue];
  'unikernel/liveChildren': [LiveChildrenRequest, LiveChildrenResponse];
  'unikernel/setLiveValue': [SetLiveValueRequest, LiveValue];
  'unikernel/subscribeValues': [SubscribeValuesRequest, SubscribeResponse];
  'unikernel/unsubscribeValues': [UnsubscribeRequest, Record<string, never>];
  'unikernel/allocations': [Record<string, never>, AllocationsResponse];
  'unikernel/trace': [TraceRequest, TraceReading];
  'unikernel/profile': [ProfileRequest, ProfileReading];
  'unikernel/bootPhases': [Record<string, never>, BootPhasesResponse];
  'unikernel/tracepoints': [Record<string, never>, TracepointsResponse];
  'unikernel/setTracepoint': [SetTracepointRequest, Record<string, never>];
  'unikernel/awarenessReport': [Record<string, never>, AwarenessReport];
  'unikernel/identify': [IdentifyRequest, Identification];
  'unikernel/symbolise': [SymboliseRequest, SymboliseResponse];
  'unikernel/focusThread': [FocusThreadRequest, Record<string, never>];
  'unikernel/symbols': [SymbolsRequest, SymbolsResponse];
  'unikernel/status': [Record<string, never>, StatusResponse];
  'unikernel/saveSnapshot': [SaveSnapshotRequest, SaveSnapshotResponse];
  'unikernel/compareSnapshots': [CompareSnapshotsRequest, SnapshotComparison];
}

/** Events by name. */
export interface CustomEvents {
  'unikernel/viewChanged': ViewChangedEvent;
  'unikernel/pagesChanged': PagesChangedEvent;
  'unikernel/valuesChanged': ValuesChangedEvent;
  'unikernel/status': StatusResponse;
}
