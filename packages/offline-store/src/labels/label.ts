/** The outcome that a label states. */
export type LabelValue = boolean | number | string;

export interface EntityTarget {
  readonly entity: string;
  /** Canonical text of the join keys. */
  readonly entityKey: string;
  /** One of the join keys is: only a hash of the key is stored. */
  readonly sensitive: boolean;
}

/** What a label is about: one prediction, or an entity at the label's time. */
export type LabelTarget = { readonly predictionId: string } | EntityTarget;

/** One event of a source, checked by its caller. */
export interface Label {
  readonly name: string;
  /** Who reports the event; ids of events are unique within it. */
  readonly source: string;
  readonly eventId: string;
  readonly target: LabelTarget;
  /** When the outcome was true: ISO 8601, microseconds kept. A correction repeats the time of the fact. */
  readonly eventTimestamp: string;
  /** Null takes back the event that it corrects; without one, every earlier value of its target and name. */
  readonly value: LabelValue | null;
  /** The event of the same source that this one replaces, whether it has arrived or not. */
  readonly corrects: string | null;
  readonly weight: number;
}
