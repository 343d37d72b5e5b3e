import { brand } from './brand.ts';
import type { Field, Fields, Given, T } from './field.ts';

/** The thing that features describe, identified by one or more join keys. */
export interface Entity<out Keys = unknown> {
  readonly kind: 'entity';
  readonly name: string;
  readonly joinKeys: Fields;
  readonly [T]: { readonly keys: Keys };
}

/** Join keys are `f.string()` or `f.int64()`. */
export type JoinKeys = Readonly<Record<string, Field<string | bigint | number>>>;

/**
 * An entity and its join keys, in the order in which a composite key is written. Without join keys, its features are those of
 * the world: `entity('everywhere', {})`.
 */
export function entity<K extends JoinKeys>(name: string, joinKeys: K): Entity<Given<K>> {
  return brand({ kind: 'entity', name, joinKeys }) as unknown as Entity<Given<K>>;
}
