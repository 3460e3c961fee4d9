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
  /** Begins at an observation; resolves with its number there. `tell` is given the events that the client must have. */
  begin(observation: Observation): Promise<number>;
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
    const emit = this.#guarded(id, (event: ViewChangedEvent) => this.#events.viewChanged(event));
    return this.#add(id, observation, new FollowedViews(id, request, emit));
  }

  /** Rejects with one sentence when the pages cannot be had. */
  addPages(observation: Observation, request: SubscribePagesRequest): Promise<number> {
    const id = this.#nextId++;
    const emit = this.#guarded(id, (event: PagesChangedEvent) => this.#events.pagesChanged(event));
    return this.#add(id, observation, new FollowedPages(id, request, emit));
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
    for (const subscription of this.#live.values()) {
      subscription.observation = observation;
      subscription.inner = undefined;
      subscription.followed.restart();
      subscription.inner = await subscription.followed.begin(observation).catch(() => undefined);
    }
  }

  async #add(id: number, observation: Observation, followed: Followed): Promise<number> {
    const subscription: Subscription = { followed, observation, inner: undefined };
    this.#live.set(id, subscription);
    try {
      subscription.inner = await followed.begin(observation);
    } catch (error) {
      this.#live.delete(id);
      throw error;
    }
    return id;
  }

  /** Events of an observation that is followed no more are dropped. */
  #guarded<Event>(id: number, emit: (event: Event) => void): (observation: Observation, event: Event) => void {
    return (observation, event) => {
      if (this.#live.get(id)?.observation === observation) {
        emit(event);
      }
    };
  }
}

class FollowedViews implements Followed {
  readonly #id: number;
  readonly #request: SubscribeRequest;
  readonly #emit: (observation: Observation, event: ViewChangedEvent) => void;
  readonly #views = new Map<ViewName, { keys: Set<string | number>; sequence: number; stale: boolean }>();

  constructor(
    id: number,
    request: SubscribeRequest,
    emit: (observation: Observation, event: ViewChangedEvent) => void,
  ) {
    this.#id = id;
    this.#request = request;
    this.#emit = emit;
  }

  begin(observation: Observation): Promise<number> {
    const { views, rate } = this.#request;
    return observation.subscribe(views, rate, (event) => this.#emit(observation, this.#follow(event)));
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
  readonly #emit: (observation: Observation, event: PagesChangedEvent) => void;
  #sequence = 0;

  constructor(
    id: number,
    request: SubscribePagesRequest,
    emit: (observation: Observation, event: PagesChangedEvent) => void,
  ) {
    this.#id = id;
    this.#request = request;
    this.#emit = emit;
  }

  begin(observation: Observation): Promise<number> {
    return observation.subscribePages(this.#request.rate, (event) =>
      this.#emit(observation, { ...event, subscription: this.#id, sequence: ++this.#sequence }),
    );
  }

  restart(): void {}
}
