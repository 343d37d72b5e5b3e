/** Why a rebuilt feature differs from the logged one. */
export type DifferenceCause = 'value' | 'time' | 'default' | 'version';

/** Why a difference had to be: it says nothing about skew. */
export type Explanation =
  | 'not_confirmed'
  | 'same_moment'
  | 'online_store_unavailable'
  | 'ttl_changed'
  | 'erased'
  | 'retention';

/** Why a prediction, or its on-demand features, cannot be rebuilt. */
export type Unchecked = 'key_hidden' | 'request_hidden' | 'no_content' | 'on_demand_failed' | 'precomputed';

export interface Difference {
  readonly cause: DifferenceCause;
  /** Null: unexplained. */
  readonly explanation: Explanation | null;
  /** One clause for a person. */
  readonly detail: string;
}

export interface DifferenceExample extends Difference {
  readonly predictionId: string;
  readonly logged: unknown;
  readonly rebuilt: unknown;
}

export interface FeatureParity {
  /** `ad_image@1:brightness`, `moment:hour_sin` */
  readonly ref: string;
  readonly compared: number;
  /** Unexplained differences by cause. */
  readonly causes: Readonly<Record<DifferenceCause, number>>;
  readonly explained: Readonly<Partial<Record<Explanation, number>>>;
  /** The first unexplained differences. */
  readonly examples: readonly DifferenceExample[];
}

export interface ParityReport {
  readonly model: string;
  readonly versions: readonly number[];
  readonly predictions: number;
  /** False: there are more predictions than the limit. */
  readonly complete: boolean;
  readonly features: readonly FeatureParity[];
  readonly unexplained: number;
  readonly explained: number;
  /** Predictions that could not be compared, or not entirely. */
  readonly unchecked: Readonly<Partial<Record<Unchecked, number>>>;
}

const MAX_EXAMPLES = 3;

/** Collects what is found, feature by feature. */
export class ParityCounts {
  readonly #features = new Map<string, Counted>();
  readonly #unchecked: Partial<Record<Unchecked, number>> = {};
  readonly #versions = new Set<number>();
  #predictions = 0;

  prediction(version: number): void {
    this.#predictions += 1;
    this.#versions.add(version);
  }

  unchecked(why: Unchecked): void {
    this.#unchecked[why] = (this.#unchecked[why] ?? 0) + 1;
  }

  /** `difference` null: equal. */
  compared(ref: string, difference: DifferenceExample | null): void {
    const counted = this.#features.get(ref) ?? newCount(ref);
    this.#features.set(ref, counted);
    counted.compared += 1;
    if (difference === null) return;
    const { cause, explanation } = difference;
    if (explanation !== null) {
      counted.explained[explanation] = (counted.explained[explanation] ?? 0) + 1;
      return;
    }
    counted.causes[cause] += 1;
    if (counted.examples.length < MAX_EXAMPLES) counted.examples.push(difference);
  }

  report({ model, complete }: Pick<ParityReport, 'model' | 'complete'>): ParityReport {
    const features = [...this.#features.values()];
    return {
      model,
      versions: [...this.#versions].toSorted((a, b) => a - b),
      predictions: this.#predictions,
      complete,
      features,
      unexplained: sum(features.flatMap(({ causes }) => Object.values(causes))),
      explained: sum(features.flatMap(({ explained }) => Object.values(explained))),
      unchecked: this.#unchecked,
    };
  }
}

interface Counted {
  readonly ref: string;
  compared: number;
  readonly causes: Record<DifferenceCause, number>;
  readonly explained: Partial<Record<Explanation, number>>;
  readonly examples: DifferenceExample[];
}

function newCount(ref: string): Counted {
  return {
    ref,
    compared: 0,
    causes: { value: 0, time: 0, default: 0, version: 0 },
    explained: {},
    examples: [],
  };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
