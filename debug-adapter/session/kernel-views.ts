/** The custom requests: views, subscriptions, symbols, status. They cost the guest nothing and work while it runs. */
import type { CustomRequests, StatusResponse, TraceRequest, ViewName } from '../protocol.ts';
import type { Observation } from '../worker/observation.ts';
import type { Boot } from './boot.ts';
import type { CurrentBoot } from './lifecycle.ts';
import type { LiveFamily } from './live-values.ts';
import { addressOf } from './memory.ts';
import type { Handlers } from './requests.ts';
import type { SnapshotFamily } from './snapshots.ts';
import { type SubscriptionEvents, Subscriptions } from './subscriptions.ts';
import { setTracepoint } from './tracepoints.ts';

type Family = Exclude<keyof CustomRequests, LiveFamily | SnapshotFamily | 'unikernel/focusThread'>;

const VIEWS: readonly ViewName[] = ['threads', 'vnodeLocks', 'mallocPools', 'timerSets', 'waitsFor'];
const SLOWEST = 0.1;
const FASTEST = 50;
/** What is symbolised at once. */
const MOST_ADDRESSES = 1000;

export class KernelViews {
  readonly #current: CurrentBoot;
  readonly #subscriptions: Subscriptions;

  constructor(current: CurrentBoot, events: SubscriptionEvents) {
    this.#current = current;
    this.#subscriptions = new Subscriptions(events);
  }

  get handlers(): Handlers<Family> {
    return {
      'unikernel/view': async ({ view }) => (await this.#observation()).view(checkView(view)),
      'unikernel/subscribe': async ({ views, rate }) => {
        const request = { views: checkViews(views), rate: checkRate(rate) };
        return { subscription: await this.#subscriptions.addViews(await this.#observation(), request) };
      },
      'unikernel/subscribePages': async ({ rate }) => {
        const request = { rate: checkRate(rate) };
        return { subscription: await this.#subscriptions.addPages(await this.#observation(), request) };
      },
      'unikernel/unsubscribe': async ({ subscription }) => {
        this.#subscriptions.remove(subscription);
        return {};
      },
      'unikernel/poolPages': async (given) => (await this.#observation()).poolPages(given),
      'unikernel/allocations': async () => (await this.#observation()).allocations(),
      'unikernel/trace': async (given) => (await this.#observation()).trace(checkTrace(given)),
      'unikernel/profile': async ({ after }) => (await this.#observation()).profile({ after: checkAfter(after) }),
      'unikernel/bootPhases': async () => (await this.#observation()).bootPhases(),
      'unikernel/slab': async ({ address }) =>
        (await this.#observation()).slab(Number(BigInt.asIntN(64, addressOf(address)))),
      'unikernel/tracepoints': async () => (await this.#observation()).tracepoints(),
      'unikernel/setTracepoint': async (given) => {
        await setTracepoint(this.#current().debuggee, await this.#observation(), given);
        return {};
      },
      'unikernel/awarenessReport': async () => this.#program().awarenessReport(),
      'unikernel/identify': async ({ address }) =>
        (await this.#observation()).identify(Number(BigInt.asIntN(64, addressOf(address)))),
      'unikernel/cycles': async () => (await this.#observation()).cycles(),
      'unikernel/symbolise': async ({ addresses }) => {
        const program = this.#program();
        const places = checkAddresses(addresses).map(async (address) => (await program.symbolise(address)) ?? null);
        return { places: await Promise.all(places) };
      },
      'unikernel/symbols': async (given) => this.#program().symbols(given),
      'unikernel/status': async () => statusOf(this.#current()),
    };
  }

  /** A restarted guest. */
  async move({ awareness }: Boot): Promise<void> {
    if ((await awareness?.known) !== undefined && awareness) {
      await this.#subscriptions.move(awareness.observation);
    }
  }

  /** What is known of the program alone. @throws Error with one sentence where that is nothing. */
  #program(): Observation {
    const { awareness, kernel } = this.#current();
    if (!awareness) {
      throw new Error(`${kernel.path} has no debug information.`);
    }
    return awareness.observation;
  }

  /** Rejects with one sentence where there are no views. */
  async #observation(): Promise<Observation> {
    const { awareness, kernel } = this.#current();
    if (!awareness) {
      throw new Error(`${kernel.path} has no debug information, so there are no views; build it with -g.`);
    }
    if ((await awareness.known) === undefined) {
      throw new Error(awareness.notes[0] ?? `The views of ${kernel.path} cannot be had.`);
    }
    return awareness.observation;
  }
}

export function statusOf({ awareness, debuggee, kernel }: Boot): StatusResponse {
  return {
    ...(awareness?.kernel && { kernel: awareness.kernel }),
    program: kernel.path,
    running: debuggee.isRunning,
    notes: awareness?.notes ?? [],
  };
}

function checkView(view: ViewName): ViewName {
  if (!VIEWS.includes(view)) {
    throw new Error(`There is no view "${String(view).slice(0, 40)}": there are ${VIEWS.join(', ')}.`);
  }
  return view;
}

function checkViews(views: ViewName[]): ViewName[] {
  if (!Array.isArray(views) || views.length === 0) {
    throw new Error(`"views" must name at least one of ${VIEWS.join(', ')}.`);
  }
  return views.map(checkView);
}

function checkAddresses(addresses: string[]): bigint[] {
  if (!Array.isArray(addresses) || addresses.length > MOST_ADDRESSES) {
    throw new Error(`"addresses" must be a list of at most ${MOST_ADDRESSES}.`);
  }
  return addresses.map((address) => addressOf(address));
}

function checkTrace({ after, limit }: TraceRequest): TraceRequest {
  return { after: checkAfter(after), ...(limit !== undefined && { limit }) };
}

function checkAfter(after: number[]): number[] {
  if (!Array.isArray(after) || !after.every((count) => Number.isFinite(count) && count >= 0)) {
    throw new Error('"after" must be a list of counts, one for each CPU.');
  }
  return after;
}

function checkRate(rate: number): number {
  if (!(rate >= SLOWEST && rate <= FASTEST)) {
    throw new Error(`"rate" must be a number from ${SLOWEST} to ${FASTEST} a second.`);
  }
  return rate;
}
