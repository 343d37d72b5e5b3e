/** What the log keeps of a value: a keyed hash, or nothing. */
export type Sensitivity = 'hashed' | 'omitted';

/** Fields whose values never reach PostgreSQL; compiled once per model version. */
export interface SensitiveFields {
  /** Entities with a sensitive join key: their whole key is hashed. */
  readonly entities: ReadonlySet<string>;
  readonly joinKeys: ReadonlyMap<string, Sensitivity>;
  readonly request: ReadonlyMap<string, Sensitivity>;
  /** By on-demand view, then feature. */
  readonly onDemand: ReadonlyMap<string, ReadonlyMap<string, Sensitivity>>;
  /** Places in `scalars`, ascending. A float has too few values for a hash to hide it, so both kinds are left out. */
  readonly scalars: readonly number[];
}
