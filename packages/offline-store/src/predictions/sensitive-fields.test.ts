import { sql } from 'kysely';
import { expect } from 'vitest';
import { prediction } from '../testing/prediction.ts';
import { silent, test } from '../testing/store.ts';
import { createPredictionLog } from './prediction-log.ts';

test('values of sensitive fields never reach PostgreSQL; hashes can be computed in SQL', async ({
  store,
}) => {
  const log = createPredictionLog({ store, project: 'private', logger: silent });
  const record = prediction({
    entities: { user_id: 'secret-user', ad_id: 'ad-42' },
    entityKeys: [
      { entity: 'user', key: 'secret-user' },
      { entity: 'ad', key: 'ad-42' },
    ],
    request: { email: 'secret@mail', age: 67.25, placement: 'feed' },
    onDemand: { profile: { name: 'secret-name', generation: 'secret-generation', hour: 9 }, plain: { x: 1 } },
    scalars: Float32Array.of(0.5, 67.25, 1, 67.25),
    sensitive: {
      entities: new Set(['user']),
      joinKeys: new Map([['user_id', 'hashed']]),
      request: new Map([
        ['email', 'hashed'],
        ['age', 'omitted'],
      ]),
      onDemand: new Map([
        [
          'profile',
          new Map([
            ['name', 'hashed'],
            ['generation', 'omitted'],
          ]),
        ],
      ]),
      scalars: [1, 3],
    },
  });
  log.append(record);
  await log.close();
  const row = await store.db
    .selectFrom('larder.predictions')
    .selectAll()
    .where('prediction_id', '=', record.predictionId)
    .executeTakeFirstOrThrow();
  const { rows } = await sql<{ user: string; userId: string; email: string; name: string }>`
    select 'user#' || encode(sha256(secret || 'user'::bytea || '\\x00'::bytea || 'secret-user'), 'hex') as user,
      '#' || encode(sha256(secret || 'user_id'::bytea || '\\x00'::bytea || 'secret-user'), 'hex') as "userId",
      '#' || encode(sha256(secret || 'email'::bytea || '\\x00'::bytea || 'secret@mail'), 'hex') as email,
      '#' || encode(sha256(secret || 'name'::bytea || '\\x00'::bytea || 'secret-name'), 'hex') as name
    from larder.erasure_secrets where project = 'private'`.execute(store.db);
  const [hashes] = rows;
  expect(row).toMatchObject({
    entities: { user_id: hashes?.userId, ad_id: 'ad-42' },
    entity_keys: [hashes?.user, 'ad:ad-42'],
    request: { email: hashes?.email, placement: 'feed' },
    on_demand: { profile: { name: hashes?.name, hour: 9 }, plain: { x: 1 } },
    scalars: [0.5, null, 1, null],
  });
  expect(JSON.stringify(row)).not.toMatch(/secret|67\.25/);
});
