import type { OnDemandFunction } from '@larder/features';
import { expect } from 'vitest';
import { compilePlan } from '../plan/compile-plan.ts';
import { createPredictor } from '../create-predictor.ts';
import { systemClock } from '@larder/core';
import { fixturePredictor } from '../testing/predictor-fixture.ts';
import { test } from '../testing/served-test.ts';

test('a plan runs the functions that it is given, found by their hash, whatever code is loaded', async ({
  served,
}) => {
  const { project, onlineStore } = served;
  const { manifest } = project;
  const { runner } = await fixturePredictor({ ...served, model: 'fragile_model' });
  const sha256 = manifest.on_demand_feature_views['fragile']?.code_sha256 ?? '';
  const bundles = new Map<string, OnDemandFunction>([[sha256, { compute: () => ({ level: 20 }) }]]);
  const plan = compilePlan({
    manifest,
    functionOf: ({ code_sha256: hash }) => bundles.get(hash) ?? { compute: () => null },
    model: 'fragile_model',
    version: 1,
    onlineStore,
  });
  const predictor = createPredictor({ plan, onlineStore, runner, predictionLog: null, clock: systemClock });
  try {
    // The loaded function would return 4, the length of the text.
    const { outputs } = await predictor.predict({ rows: [{ request: { how: 'nine' } }] });
    expect(outputs['score']?.[0]).toBeCloseTo(1 / (1 + Math.exp(-2)), 5);
  } finally {
    await runner.close();
  }
});
