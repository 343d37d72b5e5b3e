/** Which label counts for a prediction, and what a prediction without one means. */
export interface LabelPolicy {
  readonly name: string;
  /** Labels of up to this long after the prediction count; a prediction is mature when this time has passed. */
  readonly horizonMs: number;
  /** A mature prediction without a label: a negative (0), or no row. */
  readonly onSilence: 'negative' | 'leave_out';
  /**
   * How a label without a prediction id finds its prediction: not at all, or the newest prediction of its key that was
   * made within `windowMs` before it. Labels with a prediction id count in both cases.
   */
  readonly attribution: 'prediction_id' | { readonly entity: string; readonly windowMs: number };
}
