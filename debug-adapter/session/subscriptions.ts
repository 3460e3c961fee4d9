import type {
  PagesChangedEvent,
  SubscribePagesRequest,
  SubscribeRequest,
  ViewChangedEvent,
  ViewName,
} from '../protocol.ts';
import type { Observation } from '../worker/observation.ts';

/** What a client follows. */
interface Followed {
  /** Begins at an observation; resolves with its number there. Its events count while `isFollowed` says so. */
  begin(observation: Observation, isFollowed: () => boolean): Promise<number>;
  /** Another boot: what is told next replaces everything. */
  restart(): void;
}

interface Subscription {
  followed: Followed;
  observation: Observation;
  /** The observation's own number of it. */
  inner: number | undefined;
}

/** How events reach the client. */
export interface SubscriptionEvents {
  viewChanged(event: ViewChangedEvent): void;
  pagesChanged(event: PagesChangedEvent): void;
}

/** Views and pages that a client follows. They outlive a boot: a restarted guest's rows replace those of the one before. */
export class Subscriptions {
  readonly #events: SubscriptionEvents;
  readonly #live = new Map<number, Subscription>();
  #nextId = 1;

  constructor(events: SubscriptionEvents) {
    this.#events = events;
  }

  /** Rejects with one sentence when the views cannot be had. */
  addViews(observation: Observation, request: SubscribeRequest): Promise<number> {
    const id = this.#nextId++;
    const followed = new FollowedViews(id, request, (event) => this.#events.viewChanged(event));
    return this.#add(id, observation, followed);
  }

  /** Rejects with one sentence when the pages cannot be had. */
  addPages(observation: Observation, request: SubscribePagesRequest): Promise<number> {
    const id = this.#nextId++;
    const followed = new FollowedPages(id, request, (event) => this.#events.pagesChanged(event));
    return this.#add(id, observation, followed);
  }

  remove(id: number): void {
    const subscription = this.#live.get(id);
    this.#live.delete(id);
    if (subscription?.inner !== undefined) {
      subscription.observation.unsubscribe(subscription.inner);
    }
  }

  /** A new boot: what is followed goes on there. One that cannot stays as it is: the status says why. */
  async move(observation: Observation): Promise<void> {
    for (const [id, subscription] of this.#live) {
      subscription.observation = observation;
      subscription.inner = undefined;
      subscription.followed.restart();
      await this.#begin(id, subscription).catch(() => undefined);
    }
  }

  async #add(id: number, observation: Observation, followed: Followed): Promise<number> {
    const subscription: Subscription = { followed, observation, inner: undefined };
    this.#live.set(id, subscription);
    try {
      await this.#begin(id, subscription);
    } catch (error) {
      this.#live.delete(id);
      throw error;
    }
    return id;
  }

  /** One that the client dropped meanwhile, or that has moved on, ends at once. */
  async #begin(id: number, subscription: Subscription): Promise<void> {
    const { observation, followed } = subscription;
    // What an observation tells late, when another one is followed already, must not be taken for the other's.
    const isFollowed = (): boolean => this.#live.get(id) === subscription && subscription.observation === observation;
    const inner = await followed.begin(observation, isFollowed);
    if (isFollowed()) {
      subscription.inner = inner;
    } else {
      observation.unsubscribe(inner);
    }
  }
}

class FollowedViews implements Followed {
  readonly #id: number;
  readonly #request: SubscribeRequest;
  readonly #emit: (event: ViewChangedEvent) => void;
  readonly #views = new Map<ViewName, { keys: Set<string | number>; sequence: number; stale: boolean }>();

  constructor(id: number, request: SubscribeRequest, emit: (event: ViewChangedEvent) => void) {
    this.#id = id;
    this.#request = request;
    this.#emit = emit;
  }

  begin(observation: Observation, isFollowed: () => boolean): Promise<number> {
    const { views, rate } = this.#request;
    return observation.subscribe(views, rate, (event) => isFollowed() && this.#emit(this.#follow(event)));
  }

  restart(): void {
    for (const view of this.#views.values()) {
      view.stale = true;
    }
  }

  /** The event as the client must have it: one count of snapshots, and no rows left over from an earlier boot. */
  #follow(event: ViewChangedEvent): ViewChangedEvent {
    const known = this.#views.get(event.view) ?? { keys: new Set(), sequence: 0, stale: false };
    this.#views.set(event.view, known);
    const removed = known.stale ? [...known.keys] : event.removed;
    for (const key of removed) {
      known.keys.delete(key);
    }
    for (const { key } of event.changed) {
      known.keys.add(key);
    }
    known.stale = false;
    return { ...event, subscription: this.#id, sequence: ++known.sequence, removed };
  }
}

/** The first event of each boot has every page. */
class FollowedPages implements Followed {
  readonly #id: number;
  readonly #request: SubscribePagesRequest;
  readonly #emit: (event: PagesChangedEvent) => void;
  #sequence = 0;

  constructor(id: number, request: SubscribePagesRequest, emit: (event: PagesChangedEvent) => void) {
    this.#id = id;
    this.#request = request;
    this.#emit = emit;
  }

  begin(observation: Observation, isFollowed: () => boolean): Promise<number> {
    return observation.subscribePages(
      this.#request.rate,
      (event) => isFollowed() && this.#emit({ ...event, subscription: this.#id, sequence: ++this.#sequence }),
    );
  }

  restart(): void {}
}
