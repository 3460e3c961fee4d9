import type { SubscribeRequest, ViewChangedEvent, ViewName } from '../protocol.ts';
import type { Observation } from '../worker/observation.ts';

interface Subscription {
  id: number;
  request: SubscribeRequest;
  /** The observation's own number of it. */
  inner: number | undefined;
  views: Map<ViewName, { keys: Set<string | number>; sequence: number; stale: boolean }>;
}

/** Views that a client follows. They outlive a boot: a restarted guest's rows replace those of the one before. */
export class Subscriptions {
  readonly #emit: (event: ViewChangedEvent) => void;
  readonly #live = new Map<number, Subscription>();
  #observation: Observation | undefined;
  #nextId = 1;

  constructor(emit: (event: ViewChangedEvent) => void) {
    this.#emit = emit;
  }

  /** @throws Error with one sentence when the views cannot be had. */
  async add(observation: Observation, request: SubscribeRequest): Promise<number> {
    const subscription: Subscription = { id: this.#nextId++, request, inner: undefined, views: new Map() };
    this.#observation = observation;
    this.#live.set(subscription.id, subscription);
    try {
      await this.#begin(subscription, observation);
    } catch (error) {
      this.#live.delete(subscription.id);
      throw error;
    }
    return subscription.id;
  }

  remove(id: number): void {
    const subscription = this.#live.get(id);
    this.#live.delete(id);
    if (subscription?.inner !== undefined) {
      this.#observation?.unsubscribe(subscription.inner);
    }
  }

  /** A new boot: what is followed goes on there. One that cannot stays as it is: the status says why. */
  async move(observation: Observation): Promise<void> {
    this.#observation = observation;
    for (const subscription of this.#live.values()) {
      subscription.inner = undefined;
      for (const view of subscription.views.values()) {
        view.stale = true;
      }
      await this.#begin(subscription, observation).catch(() => undefined);
    }
  }

  async #begin(subscription: Subscription, observation: Observation): Promise<void> {
    const { views, rate } = subscription.request;
    subscription.inner = await observation.subscribe(views, rate, (event) => {
      if (observation === this.#observation && this.#live.has(subscription.id)) {
        this.#emit(follow(subscription, event));
      }
    });
  }
}

/** The event as the client must have it: one count of snapshots, and no rows left over from an earlier boot. */
function follow(subscription: Subscription, event: ViewChangedEvent): ViewChangedEvent {
  const known = subscription.views.get(event.view) ?? { keys: new Set(), sequence: 0, stale: false };
  subscription.views.set(event.view, known);
  const removed = known.stale ? [...known.keys] : event.removed;
  for (const key of removed) {
    known.keys.delete(key);
  }
  for (const { key } of event.changed) {
    known.keys.add(key);
  }
  known.stale = false;
  return { ...event, subscription: subscription.id, sequence: ++known.sequence, removed };
}
