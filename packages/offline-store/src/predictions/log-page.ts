import { COPY_HEADER, type CopyWriter } from '../copy/copy-writer.ts';
import { monthOf, type Month } from '../partitions/monthly-partitions.ts';
import type { PredictionRecord } from './prediction-record.ts';
import { renderPrediction, sharedValues, type RenderContext } from './render-prediction.ts';
import type { RenderedRows } from './rendered-rows.ts';

/** Records of one write, as the rows that PostgreSQL gets. */
export class LogPage {
  readonly #out: CopyWriter;
  #shared = sharedValues();
  readonly #months = new Set<Month>();
  #monthedMs = Number.NaN;
  #rows = 0;
  #records = 0;

  /** @param out without rows; the page is its only user */
  constructor(out: CopyWriter) {
    this.#out = out;
  }

  /** For the next page, once this one is written: memory of this size that is allocated anew for each page soon has V8 collect all garbage. */
  takeWriter(): CopyWriter {
    this.#out.truncate(COPY_HEADER.length);
    return this.#out;
  }

  /** Added records, also those that could not be rendered and have no row. */
  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#out.length - COPY_HEADER.length;
  }

  /** Months of `predictedAtMs`. */
  get months(): ReadonlySet<Month> {
    return this.#months;
  }

  get rows(): RenderedRows {
    return { bytes: this.#out.rows(), count: this.#rows };
  }

  /** Returns why the record cannot be rendered, or null. */
  add(record: PredictionRecord, context: Omit<RenderContext, 'shared'>): unknown {
    const start = this.#out.length;
    this.#records += 1;
    try {
      renderPrediction(this.#out, record, { ...context, shared: this.#shared });
    } catch (error) {
      this.#out.truncate(start);
      // It may point into the bytes that are gone.
      this.#shared = sharedValues();
      return error;
    }
    const { predictedAtMs } = record;
    if (predictedAtMs !== this.#monthedMs) {
      this.#months.add(monthOf(predictedAtMs));
      this.#monthedMs = predictedAtMs;
    }
    this.#rows += 1;
    return null;
  }
}
