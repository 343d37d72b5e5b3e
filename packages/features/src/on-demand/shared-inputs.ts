import type { FieldValue } from '../definition/field.ts';
import type { CompiledOnDemandView, OnDemandViews } from './on-demand-views.ts';

/** Which inputs have one value for all rows, by their places in `OnDemandViews`. */
export interface SharedInputs {
  readonly requestFields: readonly boolean[];
  readonly storedViews: readonly boolean[];
}

type Members = Readonly<Record<string, FieldValue>>;

/**
 * Arguments of one view that all rows share: built for the first row, and frozen, because a function that changed them
 * would change the next row's. Null: not shared, or not built yet.
 */
export class SharedArguments {
  readonly #isRequestShared: boolean;
  readonly #isStoredShared: readonly boolean[];
  readonly #stored: (Members | null)[];
  request: Members | null = null;

  constructor({ request, stored }: CompiledOnDemandView, shared: SharedInputs) {
    this.#isRequestShared = request.every(({ place }) => shared.requestFields[place]);
    this.#isStoredShared = stored.map(({ view }) => shared.storedViews[view] === true);
    this.#stored = stored.map(() => null);
  }

  keepRequest(members: Members): void {
    if (this.#isRequestShared) this.request = Object.freeze(members);
  }

  /** @param at index in the view's `stored` */
  stored(at: number): Members | null {
    return this.#stored[at] as Members | null;
  }

  keepStored(at: number, members: Members): void {
    if (this.#isStoredShared[at] === true) this.#stored[at] = Object.freeze(members);
  }
}

/** Views that read nothing but shared inputs, directly or through other views: one evaluation is enough for all rows. */
export function sharedViews({ views }: OnDemandViews, shared: SharedInputs): boolean[] {
  const found: boolean[] = [];
  for (const { request, stored, computed } of views)
    found.push(
      request.every(({ place }) => shared.requestFields[place]) &&
        stored.every(({ view }) => shared.storedViews[view]) &&
        computed.every(({ view }) => found[view]),
    );
  return found;
}
