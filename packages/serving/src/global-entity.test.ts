import { isLarderError } from '@larder/core';
import { expect } from 'vitest';
import { inspectEntity, readOnlineFeatures } from './index.ts';
import { putRows } from './testing/index.ts';
import { fixturePredictor } from './testing/predictor-fixture.ts';
import { test as base, type Served } from './testing/served-test.ts';

const test = base.override({
  config: [async ({}, use) => use('kinds.config.ts'), { scope: 'file' }],
});

function putAll({ onlineStore, project }: Served): Promise<void> {
  return putRows(onlineStore, project, [
    { ref: 'market@1', keys: {}, values: { mood: 0.25 } },
    { ref: 'ad_image@1', keys: { ad_id: 'w' }, values: { embedding: null, brightness: 0.5, note: null } },
    {
      ref: 'shopper_profile@1',
      keys: { country: 'NL', shopper_id: 7 },
      values: { age: 20, premium: false },
    },
    { ref: 'seen@1', keys: { ad_id: 'w', shopper_id: 7 }, values: { times: 3 } },
  ]);
}

test('features of the world, an ad, a shopper and of both meet in one model; nobody names the world', async ({
  served,
}) => {
  await putAll(served);
  const predictor = await fixturePredictor({ ...served, model: 'ad_world' });
  expect(predictor.plan.joinKeys.map(({ name }) => name)).toEqual(['ad_id', 'country', 'shopper_id']);
  const { rows, outputs } = await predictor.predict({
    rows: [{ entities: { ad_id: 'w' } }, { entities: { ad_id: 'unseen' } }],
    shared: { entities: { country: 'NL', shopper_id: 7 } },
    rowsPointer: '/rows',
  });
  const score = (brightness: number, times: number) =>
    1 / (1 + Math.exp(-(0.25 + 2 * brightness + 0.2 + times / 2)));
  expect([...(outputs['score'] ?? [])]).toEqual([
    expect.closeTo(score(0.5, 3), 5),
    expect.closeTo(score(0.5, 0), 5),
  ]);
  expect(rows.map((row) => !isLarderError(row) && row.degradedReasons)).toEqual([
    [],
    ['ad_image@1:NOT_FOUND', 'seen@1:NOT_FOUND'],
  ]);
  await predictor.runner.close();
});

test('the world is read without a key, and inspected with its name or none', async ({ served }) => {
  await putAll(served);
  const { manifest } = served.project;
  const clock = { nowMs: () => Date.now() };
  const read = await readOnlineFeatures(
    { onlineStore: served.onlineStore, manifest, clock },
    { features: ['market:mood', 'seen:times'], entities: [{ ad_id: 'w', shopper_id: 7 }] },
  );
  expect(read.rows[0]?.values).toEqual([0.25, 3]);
  const offlineStore = {
    get db(): never {
      throw new Error('away');
    },
  };
  for (const key of ['', 'everywhere']) {
    const held = await inspectEntity(
      { onlineStore: served.onlineStore, offlineStore, manifest, clock },
      'everywhere',
      key,
    );
    expect(held).toMatchObject({
      entity: 'everywhere',
      key: 'everywhere',
      redis_key: 'larder:shop:{everywhere:everywhere}',
    });
  }
  await expect(
    inspectEntity(
      { onlineStore: served.onlineStore, offlineStore, manifest, clock },
      'everywhere',
      'elsewhere',
    ),
  ).rejects.toMatchObject({ code: 'ENTITY_KEY_INVALID' });
});
