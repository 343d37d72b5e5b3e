import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  openStateFolder,
  removeStateFolder,
  startEmbeddedPostgres,
  startEmbeddedRedis,
  toolsFolderOf,
} from '@larder/infra';
import { startStack } from '@larder/infra/stack';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { findPython, preparePython } from './python-environment.ts';
import { seedShop } from './seed-shop.ts';

/**
 * `npm run test:python [-- pytest options]`: builds the wheel of clients/python, installs it into a venv of its own, and
 * runs its tests against a real service. Without Python it says so and succeeds, except in CI.
 */
const root = resolve(import.meta.dirname, '../..');
const program = findPython();
if (program === null) {
  console.error(
    'SKIPPED: npm run test:python needs Python 3.10 or newer with venv (on Debian: apt-get install python3-venv).',
  );
  process.exit(process.env['CI'] === undefined ? 0 : 1);
}
const python = preparePython(root, program);
const state = openStateFolder(root, `python-${process.pid}`);
const project = join(state.path, 'project');
cpSync(join(import.meta.dirname, 'project'), project, { recursive: true });
const FEATURES = [
  'activity:orders',
  'activity:spent',
  'activity:premium',
  'activity:taste',
  'season:weekday',
];
await writeLogisticArtifact(join(project, 'models/churn'), {
  features: FEATURES,
  weights: [-0.1, 0, 0, 0, 0, 0],
  output: 'probability',
  imputed: 0,
});
const postgres = await startEmbeddedPostgres(state, { durable: false });
const redis = await startEmbeddedRedis(state, { toolsFolder: toolsFolderOf(state.path) });
let status = 1;
try {
  await postgres.createDatabase('larder');
  const databaseUrl = postgres.url('larder');
  await seedShop(databaseUrl, project);
  const config = join(project, 'larder.config.ts');
  const stack = await startStack({
    project: config,
    root: state.path,
    databaseUrl,
    redisUrl: redis.url,
    port: 28_570,
    env: { LARDER_CONNECTION_SHOP_URL: databaseUrl, LARDER_WORKER_SLOTS: '1' },
  });
  try {
    const larder = [process.execPath, join(root, 'apps/cli/src/main.ts')];
    const env = {
      ...process.env,
      LARDER_PROJECT: config,
      LARDER_DATABASE_URL: databaseUrl,
      LARDER_REDIS_URL: redis.url,
      LARDER_CONNECTION_SHOP_URL: databaseUrl,
    };
    for (const view of ['activity', 'account'])
      spawnSync(larder[0] as string, [...larder.slice(1), 'backfill', view], { env, stdio: 'inherit' });
    const tests = spawnSync(
      python,
      [
        '-m',
        'pytest',
        '-q',
        '-p',
        'no:cacheprovider',
        join(root, 'clients/python/tests'),
        ...process.argv.slice(2),
      ],
      {
        cwd: project,
        stdio: 'inherit',
        env: {
          ...env,
          TEST_URL: stack.inferenceUrl,
          TEST_PROJECT: project,
          TEST_LARDER: JSON.stringify(larder),
          TEST_GUIDES: join(root, 'docs/guides'),
        },
      },
    );
    status = tests.status ?? 1;
  } finally {
    await stack.stop();
  }
} finally {
  await redis.stop();
  await postgres.stop();
  removeStateFolder(state);
  rmSync(state.path, { recursive: true, force: true });
}
process.exit(status);
