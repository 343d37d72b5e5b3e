import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startStack } from '@larder/infra/stack';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { test } from '@larder/testing';
import { expect, inject } from 'vitest';
import { seedShop } from '../python/seed-shop.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'apps/cli/src/main.ts');
const SCRIPT = join(import.meta.dirname, 'from-labels/train.ts');
const TYPED_SCRIPT = join(import.meta.dirname, 'from-labels/train-renewal.ts');
const LIMIT_MS = 300_000;

/** The commands of the part about TypeScript, without their comments. */
function commands(): string[][] {
  const guide = readFileSync(join(ROOT, 'docs/guides/from-labels-to-a-model.md'), 'utf8');
  const [, part = ''] = guide.split('## In TypeScript');
  const [, block = ''] = /^```\n([^]*?)^```$/m.exec(part) ?? [];
  const lines = block.trimEnd().split('\n');
  return lines.map((line) =>
    (line.replace(/\s+#.*/, '').match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'(.*)'$/, '$1')),
  );
}

test(
  'the commands of the guide lead from labels to a model that answers, in TypeScript',
  async ({ database, redis }) => {
    const project = join(inject('testFolder'), 'from-labels');
    cpSync(join(ROOT, 'test/python/project'), project, { recursive: true });
    await writeLogisticArtifact(join(project, 'models/churn'), {
      features: ['orders', 'spent', 'premium', 'taste']
        .map((name) => `activity:${name}`)
        .concat('season:weekday'),
      weights: [-0.1, 0, 0, 0, 0, 0],
      output: 'probability',
      imputed: 0,
    });
    await seedShop(database.url, project);
    const config = join(project, 'larder.config.ts');
    const stack = await startStack({
      project: config,
      root: project,
      databaseUrl: database.url,
      redisUrl: redis.url,
      port: 26_630,
      env: { LARDER_CONNECTION_SHOP_URL: database.url, LARDER_WORKER_SLOTS: '1' },
    });
    const run = (...args: readonly string[]): string => {
      const done = spawnSync(process.execPath, args, {
        cwd: project,
        encoding: 'utf8',
        env: { ...process.env, ...stack.env, LARDER_PROJECT: config },
      });
      if (done.status !== 0) throw new Error(`${args.join(' ')} failed:\n${done.stdout}${done.stderr}`);
      return done.stdout;
    };
    try {
      run(MAIN, 'backfill', 'activity');
      const said = new Map<string, string>();
      for (const [program, ...args] of commands()) {
        const [verb = '', ...rest] = program === 'node' ? args : args.slice(1);
        if (program === 'node') said.set('train', run(SCRIPT));
        else if (verb === 'apply') said.set(verb, run(MAIN, verb, ...rest, '--yes'));
        else if (verb === 'promote') said.set(verb, run(MAIN, verb, ...rest, '--yes', '--wait', '60s'));
        else said.set(verb, run(MAIN, verb, ...rest, ...(verb === 'predict' ? ['--json'] : [])));
      }
      expect([...said.keys()]).toEqual(['training-set', 'train', 'apply', 'promote', 'predict']);
      expect(said.get('train')).toMatch(/^\d{3} rows, 5 features, 3\d golden rows$/m);
      const answer = JSON.parse(said.get('predict') ?? '') as {
        version: number;
        outputs: { probability: number };
      };
      expect(answer).toMatchObject({ model: 'churn', version: 2, degraded: false });
      expect(answer.outputs.probability).toBeGreaterThan(0);
      expect(answer.outputs.probability).toBeLessThan(1);

      // docs/guides/kinds-of-models.md: a model with several typed inputs
      run(MAIN, 'backfill', 'account');
      const features = 'activity:orders,activity:spent,account';
      run(
        MAIN,
        'training-set',
        'build',
        '--features',
        features,
        '--spine',
        'labels.csv',
        '--out',
        'sets/renewal',
      );
      expect(run(TYPED_SCRIPT)).toMatch(/^\d{3} rows, 4 features, 3\d golden rows$/m);
      const typed = ['--project', 'renewal.config.ts'];
      run(MAIN, 'apply', '--yes', ...typed);
      run(MAIN, 'promote', 'renewal@1', '--reason', 'labels', '--yes', '--wait', '60s', ...typed);
      const renewal = JSON.parse(
        run(MAIN, 'predict', 'renewal', '--customer_id', 'c-17', '--json', ...typed),
      );
      expect(renewal).toMatchObject({ model: 'renewal', version: 1, degraded: false });
      // The set of the model names its inputs: sealing needs nothing more.
      run(
        MAIN,
        'training-set',
        'build',
        '--model',
        'renewal',
        '--spine',
        'labels.csv',
        '--out',
        'sets/next',
        ...typed,
      );
      run(MAIN, 'seal', 'models/renewal', '--training-set', 'sets/next', '--missing', '0');
    } finally {
      await stack.stop();
    }
  },
  LIMIT_MS,
);
