import { isLarderError } from '@larder/core';
import { loadModel } from '@larder/model-runtime';
import type { PredictionRecord } from '@larder/offline-store';
import { join } from 'node:path';
import { expect } from 'vitest';
import { putRows } from '../testing/index.ts';
import { fixturePredictor } from '../testing/predictor-fixture.ts';
import { test as base } from '../testing/served-test.ts';

const test = base.override({
  config: [async ({}, use) => use('kinds.config.ts'), { scope: 'file' }],
});

const SHOPPER = { country: 'NL', shopper_id: 7 };

test.for(['inline', 'pool'] as const)(
  'an artifact gets floats, int64, text, bools and doubles under the names of its inputs (%s)',
  async (placement, { served }) => {
    const image = { embedding: null, brightness: 0.5 };
    await putRows(served.onlineStore, served.project, [
      { ref: 'ad_image@1', keys: { ad_id: 'red' }, values: { ...image, note: 'red' } },
      { ref: 'ad_stats@1', keys: { ad_id: 'red' }, values: { impressions: 2n ** 20n, clicks: 4, ctr: 0.25 } },
      { ref: 'ad_image@1', keys: { ad_id: 'null' }, values: { ...image, note: null } },
      { ref: 'ad_stats@1', keys: { ad_id: 'null' }, values: { impressions: null, clicks: null, ctr: null } },
      { ref: 'shopper_profile@1', keys: SHOPPER, values: { age: null, premium: true } },
    ]);
    const logged: PredictionRecord[] = [];
    const log = { append: (record: PredictionRecord) => logged.push(record) > 0, confirm: null };
    const predictor = await fixturePredictor({
      ...served,
      model: 'ad_typed',
      placement,
      predictionLog: log as never,
    });
    const { rows, outputs } = await predictor.predict({
      rows: ['red', 'nobody', 'null'].map((ad_id) => ({ entities: { ad_id } })),
      shared: { entities: SHOPPER, request: { bid: 0.5 } },
      rowsPointer: '/rows',
      features: true,
    });
    const [red, nobody] = rows;
    // brightness + ctr + impressions + clicks + the worth of the text + premium + the bid, exact to a billionth
    expect([...(outputs['score'] ?? [])]).toEqual([
      0.5 + 0.25 + 2 ** 20 + 4 + 100 + 1 + 0.5,
      0.5 + 0 + 0 + 0 - 1 + 1 + 0.5,
      0.5 + 0 + 0 + 0 - 1 + 1 + 0.5,
    ]);
    if (red === undefined || nobody === undefined || isLarderError(red) || isLarderError(nobody))
      throw new Error('A row failed.');
    expect(red.features?.map(({ ref, value }) => [ref, value])).toEqual([
      ['ad_image@1:brightness', 0.5],
      ['ad_stats@1:ctr', 0.25],
      ['ad_stats@1:impressions', '1048576'],
      ['ad_stats@1:clicks', 4],
      ['ad_image@1:note', 'red'],
      ['shopper_profile@1:premium', true],
      ['price:exact', 1e9 + 0.5],
      ['request:bid', 0.5],
    ]);
    expect(nobody.degradedReasons).toEqual(['ad_image@1:NOT_FOUND', 'ad_stats@1:NOT_FOUND']);
    expect(logged[0]).toMatchObject({
      scalars: new Float32Array(0),
      onDemand: { price: { exact: 1e9 + 0.5 } },
    });
    await predictor.runner.close();
  },
);

test('a file whose inputs are not those of the definition is refused, with both lists', async ({
  served,
}) => {
  const artifactPath = join(served.project.root, 'models/ad_typed');
  const { plan } = await fixturePredictor({ ...served, model: 'ad_typed' });
  const load = (inputs: typeof plan.tensors, missing = 0) =>
    loadModel({
      artifactPath,
      expectedFeatures: (inputs ?? []).flatMap(({ features }) => features.map(({ ref }) => ref)),
      width: plan.width,
      outputs: ['score'],
      ...(inputs !== null && { inputs }),
      missing,
      placement: 'inline',
    });
  const tensors = plan.tensors ?? [];
  const refusal = (inputs: typeof plan.tensors, missing?: number) =>
    load(inputs, missing).then(
      () => 'loaded',
      (error: Error) => error.message,
    );
  expect(await refusal(tensors)).toBe('loaded');
  const renamed = tensors.map((each) => (each.name === 'note' ? { ...each, name: 'text' } : each));
  expect(await refusal(renamed)).toMatch(
    /the definition's inputs are numbers \(ad_image:brightness float32, .*text \(ad_image:note string\).*; the file has note \(string \[N, 1\]\), precise \(float64 \[N, 1\]\)/,
  );
  expect(await refusal(null)).toMatch(
    /must have one input, not note \(string \[N, 1\]\).*inputs: \{ name: \[…\] \}/,
  );
  const swapped = tensors.map((each) =>
    each.name === 'numbers' ? { ...each, features: each.features.toReversed() } : each,
  );
  expect(await refusal(swapped)).toMatch(
    /other features for the input 'numbers'.*ad_image:brightness, ad_stats:ctr; the definition: ad_stats:ctr, ad_image:brightness/,
  );
  expect(await refusal(tensors, Number.NaN)).toMatch(
    /the input 'counts' is int64, which has no NaN for a missing ad_stats:impressions/,
  );
  const asText = ({ ref, width }: (typeof tensors)[number]['features'][number]) =>
    ({ ref, width, type: 'string', hasDefault: false }) as const;
  const text = tensors.map(({ name, features, columns }) =>
    name === 'numbers' ? { name, features: features.map(asText), columns } : { name, features, columns },
  );
  expect(await refusal(text)).toContain(
    "the input 'numbers' is float32, which cannot hold ad_image:brightness (string).",
  );
});
