import { join } from 'node:path';
import { CONFIG_PATH, test as base } from '@larder/materialization/fixtures';
import { expect, inject } from 'vitest';
import { startInference } from '../start-inference.ts';
import { applyFiles } from '../testing/apply-files.ts';
import { createHttp, type Http } from '../testing/http.ts';
import { configOf, logger } from '../testing/inference-test.ts';

/** The service over a project with an entity without join keys. */
const test = base.extend<{ $file: { http: Http } }>({
  http: [
    async ({ shop }, use) => {
      const config = configOf({
        projectPath: CONFIG_PATH,
        databaseUrl: shop.databaseUrl,
        redisUrl: shop.redisUrl,
        folder: join(inject('testFolder'), 'everywhere'),
      });
      await applyFiles({ config, offlineStore: shop.store });
      const inference = await startInference(config, logger);
      await use(createHttp(inference.url));
      await inference.close();
    },
    { scope: 'file' },
  ],
});

test('an entity without join keys is pushed, counted, read and shown without a key', async ({ http }) => {
  const now = new Date().toISOString();
  const pushed = await http.post('/v1/views/market/push', { rows: [{ event_timestamp: now, mood: 0.5 }] });
  expect(pushed).toMatchObject({ status: 200, body: { accepted: 1, rejected: [] } });
  const events = ['a', 'b', 'c'].map((id) => ({
    event_id: id,
    event_timestamp: now,
    article_id: 'x',
    kind: 'impression',
    clicks: 2,
    visitor: 'v',
  }));
  expect(await http.post('/v1/events/visits', { events })).toMatchObject({
    status: 200,
    body: { accepted: 3 },
  });
  const features = ['market:mood', 'traffic:clicks_1h', 'article_traffic:clicks_1h'];
  expect(
    await http.post('/v1/features/online', {
      features,
      entities: [{ article_id: 'x' }, { article_id: 'y' }],
    }),
  ).toMatchObject({ status: 200, body: { rows: [{ values: [0.5, 6, 6] }, { values: [0.5, 6, 0] }] } });
  expect(
    await http.post('/v1/features/online', { features: features.slice(0, 2), entities: [{}] }),
  ).toMatchObject({ status: 200, body: { rows: [{ values: [0.5, 6] }] } });
  const held = { views: [{ ref: 'market@1' }, { ref: 'traffic@1' }] };
  expect(await http.get('/v1/entities/everywhere/everywhere')).toMatchObject({ status: 200, body: held });
  expect(await http.get('/v1/entities/everywhere')).toMatchObject({
    status: 200,
    body: { keys: ['everywhere'] },
  });
  expect(await http.get('/v1/entities/everywhere/elsewhere')).toMatchObject({
    body: { code: 'ENTITY_KEY_INVALID' },
  });
});

test('cannot be erased', async ({ http }) => {
  const refused = await http.send('/v1/entities/everywhere/everywhere', { method: 'DELETE' });
  expect(refused.body).toMatchObject({
    code: 'ENTITY_KEY_INVALID',
    detail: expect.stringContaining('there is no key to forget'),
  });
});
