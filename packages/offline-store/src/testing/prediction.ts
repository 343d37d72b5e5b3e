import { newId } from '@larder/core';
import type { PredictionRecord } from '../index.ts';

export function prediction(changed: Partial<PredictionRecord> = {}): PredictionRecord {
  return {
    predictionId: newId(),
    predictedAtMs: Date.UTC(2026, 10, 20, 9, 30),
    model: 'ad_ctr',
    version: 3,
    alias: 'champion',
    aliasMoveId: 12,
    entities: { ad_id: 'ad-42' },
    entityKeys: [{ entity: 'ad', key: 'ad-42' }],
    request: { requested_at: '2026-11-20T09:30:00Z', placement: 'feed' },
    outputs: { ctr: 0.031 },
    rawOutputs: null,
    precomputed: null,
    output: 0.031,
    scalars: Float32Array.of(0.5, Number.NaN),
    degraded: false,
    degradedReasons: [],
    views: [
      { ref: 'ad_image@1', status: 'PRESENT', eventTimestampMs: 1, createdTimestampMs: 2, revision: 3 },
      {
        ref: 'ad_stats@1',
        status: 'NOT_FOUND',
        eventTimestampMs: null,
        createdTimestampMs: null,
        revision: null,
      },
    ],
    onDemand: { 'moment:hour_sin': 0.5 },
    defaultsUsed: ['ad_image@1:brightness'],
    latencyUs: 512.4,
    featuresUs: 400.4,
    onDemandUs: 10,
    modelUs: 60.6,
    sizeBytes: 400,
    sensitive: null,
    ...changed,
  };
}
