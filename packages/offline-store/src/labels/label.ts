/** The outcome that a label states. */
export type LabelValue = boolean | number | string;

/** What a label is about: one prediction, or an entity at the label's time. */
export type LabelTarget =
  | { readonly predictionId: string }
  /** `entityKey` is the canonical text of the join keys. */
  | { readonly entity: string; readonly entityKey: string };

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
