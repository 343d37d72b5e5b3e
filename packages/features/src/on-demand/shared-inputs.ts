import type { FieldValue } from '../definition/field.ts';
import type { CompiledOnDemandView, OnDemandViews } from './on-demand-views.ts';
import { compileIsUnchanged, ownValue } from './own-value.ts';

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
  readonly #stored: (SharedMembers | null)[];
  #request: SharedMembers | null = null;

  constructor({ request, stored }: CompiledOnDemandView, shared: SharedInputs) {
    this.#isRequestShared = request.every(({ place }) => shared.requestFields[place]);
    this.#isStoredShared = stored.map(({ view }) => shared.storedViews[view] === true);
    this.#stored = stored.map(() => null);
  }

  get request(): Members | null {
    return this.#request === null ? null : this.#request.next();
  }

  keepRequest(members: Members): void {
    if (this.#isRequestShared) this.#request ??= new SharedMembers(members);
  }

  /** @param at index in the view's `stored` */
  stored(at: number): Members | null {
    return this.#stored[at]?.next() ?? null;
  }

  keepStored(at: number, members: Members): void {
    if (this.#isStoredShared[at] === true) this.#stored[at] ??= new SharedMembers(members);
  }
}

/**
 * Members for one row after the other. Vectors and times cannot be frozen: they are compared with what they were, which costs
 * less than a copy for each row, and replaced where the row before changed them.
 */
class SharedMembers {
  readonly #given: Members;
  readonly #changeable: readonly (readonly [name: string, value: Date | Float32Array])[];
  #members: Members = {};
  #unchanged: readonly (() => boolean)[] = [];

  constructor(members: Members) {
    const isChangeable = (value: FieldValue) => value instanceof Float32Array || value instanceof Date;
    this.#changeable = Object.entries(members).flatMap(([name, value]) =>
      isChangeable(value) ? [[name, ownValue(value) as Date | Float32Array] as const] : [],
    );
    this.#given = Object.freeze(members);
    this.#renew();
  }

  next(): Members {
    for (const isUnchanged of this.#unchanged)
      if (!isUnchanged()) {
        this.#renew();
        break;
      }
    return this.#members;
  }

  #renew(): void {
    const members: Record<string, FieldValue> = { ...this.#given };
    this.#unchanged = this.#changeable.map(([name, value]) => {
      const copy = ownValue(value) as typeof value;
      members[name] = copy;
      return compileIsUnchanged(copy, value);
    });
    this.#members = Object.freeze(members);
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
