import type { Duration } from '@larder/core';
import type { LabelManifest } from '../manifest/manifest.ts';
import { durationMsOrNaN } from './duration-option.ts';
import type { Entity } from './entity.ts';

/** The outcome that a model predicts, and which of the labels sent later count for a prediction. */
export interface ModelLabel {
  /** Name that labels are sent under: `clicked`. */
  readonly name: string;
  /** Labels of up to this long after the prediction count; then the prediction is mature. */
  readonly horizon: Duration;
  /** What a mature prediction without a label is for training: a negative, or no row. */
  readonly onSilence: 'negative' | 'leave_out';
  /**
   * How a label finds its prediction: by the prediction's id, or also as the newest prediction of the label's entity key
   * that was made within `window` before it. @default 'prediction_id'
   */
  readonly attribution?: 'prediction_id' | { readonly entity: Entity; readonly window: Duration };
}

/** Durations that cannot be read are NaN, which validation reports. */
export function labelManifest(label: ModelLabel): LabelManifest {
  const { attribution = 'prediction_id' } = label;
  return {
    name: label.name,
    horizon_ms: durationMsOrNaN(label.horizon),
    on_silence: label.onSilence,
    attribution:
      typeof attribution === 'string'
        ? attribution
        : { entity: attribution.entity.name, window_ms: durationMsOrNaN(attribution.window) },
  };
}
