import { isLarderError } from '@larder/core';
import type { FieldValue } from '@larder/features';
import { entityKey } from '@larder/online-store';
import type { PlanGroup } from '../plan/compiled-plan.ts';
import type { Values } from './member-reader.ts';
import type { RowProblems } from './row-problems.ts';

/** The distinct keys of one group's entity. */
export class EntityKeys {
  readonly keys: string[] = [];
  readonly #group: PlanGroup;
  readonly #problems: RowProblems;
  /** Null for a request of one row. */
  readonly #places: Map<string, number> | null;
  /** Join key values of the current row, for `entityKey`. */
  readonly #joinKeys: Record<string, FieldValue | undefined> = {};

  constructor(group: PlanGroup, problems: RowProblems, { rows }: { readonly rows: number }) {
    this.#group = group;
    this.#problems = problems;
    this.#places = rows === 1 ? null : new Map();
  }

  /** The index of a row's key in `keys`; -1, and a problem, when the key is not valid. */
  place(values: Values): number {
    const { entity, joinKeys } = this.#group;
    for (let i = 0; i < joinKeys.length; i++)
      this.#joinKeys[(entity.join_keys[i] as { readonly name: string }).name] = values[joinKeys[i] as number];
    let key: string;
    try {
      key = entityKey(entity, this.#joinKeys);
    } catch (error) {
      if (!isLarderError(error)) throw error;
      this.#problems.add('/entities', error.message.replace(/\.$/, ''));
      return -1;
    }
    if (this.#places === null) return this.keys.push(key) - 1;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place = this.keys.push(key) - 1;
    this.#places.set(key, place);
    return place;
  }
}
