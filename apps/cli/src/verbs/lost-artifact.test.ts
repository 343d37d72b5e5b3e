import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@larder/testing';
import pg from 'pg';
import { beforeAll, expect } from 'vitest';
import { copyShop, jsonOf, larder, type CliResult } from '../../fixtures/run-cli.ts';

const folder = copyShop();
const config = join(folder, 'larder.config.ts');
const factor = join(folder, 'models/factor');

function writeFactor(value: number): void {
  mkdirSync(factor, { recursive: true });
  writeFileSync(join(factor, 'factor.txt'), String(value));
}

beforeAll(() => {
  writeFileSync(
    join(folder, 'scale.ts'),
    `import { readFileSync } from 'node:fs';
export default {
  createComputation: async ({ artifactPaths }: { artifactPaths: { factor: string } }) => {
    const factor = Number(readFileSync(artifactPaths.factor + '/factor.txt', 'utf8'));
    return {
      compute: async (rows: readonly { clicks: unknown }[]) => rows.map((row) => ({ values: { scaled: Number(row.clicks) * factor } })),
      close: async () => {},
    };
  },
};
`,
  );
  writeFileSync(
    config,
    `${readFileSync(config, 'utf8').replace('entity,', 'computeWith, entity,')}
export const scaledClicks = featureView('scaled_clicks', {
  version: 1, entity: ad, ttl: '7d',
  source: sqlSource({ connection: 'shop', query: 'select ad_id, clicks, updated_at as event_timestamp from ads' }),
  compute: computeWith(import.meta.url, () => import('./scale.ts'), { artifacts: { factor: artifact('models/factor') } }),
  schema: { scaled: f.float32() },
});
`,
  );
  writeFactor(2);
});

test('preview and doctor use the applied artifact of a folder that was overwritten or lost', async ({
  database,
  redis,
}) => {
  const env = {
    LARDER_PROJECT: config,
    LARDER_DATABASE_URL: database.url,
    LARDER_REDIS_URL: redis.url,
    LARDER_CONNECTION_SHOP_URL: database.url,
  };
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`
    create table ads (ad_id text primary key, clicks bigint, click_rate real, shape real[], updated_at timestamptz);
    insert into ads values ('ad-1', 21, 0.5, array[1, 2, 3, 4]::real[], now())`);
  await client.end();
  const preview = (view: string) => larder(['preview', view, '--entity', 'ad-1', '--json'], env);
  writeFactor(3);
  expect(scaled(await preview('scaled_clicks')), 'nothing is applied').toBe(63);
  writeFactor(2);
  expect(await larder(['apply'], env)).toMatchObject({ code: 0 });

  writeFactor(3);
  expect(scaled(await preview('scaled_clicks'))).toBe(42);
  rmSync(join(folder, 'models'), { recursive: true });
  expect(scaled(await preview('scaled_clicks'))).toBe(42);
  const doctor = jsonOf(await larder(['doctor', '--json'], env)) as unknown as {
    checks: { check: string; status: string; detail: string }[];
  };
  const found = (name: string) => doctor.checks.find(({ check }) => check === name);
  expect(found('project')).toMatchObject({ status: 'ok' });
  expect(found('applied')).toMatchObject({ status: 'ok' });
  expect(found('computation of scaled_clicks@1')).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('models/factor is missing here; the applied one of the artifact store'),
  });
  expect(found('model ad_ctr')).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('models/ad_ctr is missing here'),
  });
});

function scaled(result: CliResult): unknown {
  const { rows } = jsonOf(result) as { rows?: { values?: { scaled?: unknown } }[] };
  return rows?.[0]?.values?.scaled ?? jsonOf(result);
}
