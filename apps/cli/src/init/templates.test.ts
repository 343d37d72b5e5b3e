import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLogger, newId } from '@larder/core';
import { test } from '@larder/testing';
import { describe, expect, inject } from 'vitest';
import { readConfig } from '../../../worker/src/config.ts';
import { startWorker } from '../../../worker/src/start-worker.ts';
import { jsonOf, larder } from '../../fixtures/run-cli.ts';
import { writeTemplateModels } from '../../fixtures/write-template-models.ts';
import { TEMPLATE_NAMES, TEMPLATES } from './templates.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
const CLI = join(ROOT, 'apps/cli');

/** Arguments as a shell reads them. */
const wordsOf = (command: string): string[] =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');

const EXPECTED = {
  photos: { preview: ['picture_light', 'blue.png', 'aspect', 1.5], output: 'score' },
  tabular: { preview: ['order_totals', 'anna.csv', 'order_count', 3], output: 'probability' },
  text: { preview: ['review_words', 'kettle.txt', 'word_count', 15], output: 'score' },
} as const;

describe.each(TEMPLATE_NAMES)('the template %s', (template) => {
  test('is planned, previewed, applied, computed and predicted, and passes its own tests', async ({
    database,
    redis,
  }) => {
    const folder = join(inject('testFolder'), `${template}-${newId()}`);
    const env = {
      LARDER_PROJECT: join(folder, 'larder.config.ts'),
      LARDER_DATABASE_URL: database.url,
      LARDER_REDIS_URL: redis.url,
    };
    const answer = async (command: string) => {
      const result = await larder([...wordsOf(command), '--json'], env);
      expect(result).toMatchObject({ code: 0 });
      return jsonOf(result);
    };
    const next = await larder(['init', folder, '--template', template]);
    expect(next.stdout).toContain(`npx larder ${TEMPLATES[template].predict}\n`);

    expect(await answer('plan')).toMatchObject({ refusals: [] });
    const [view, entity, feature, value] = EXPECTED[template].preview;
    expect(await answer(`preview ${view} --entity ${entity}`)).toMatchObject({
      rows: [{ values: { [feature]: value } }],
    });
    await answer('apply');
    const worker = await startWorker({
      config: readConfig({ ...env, LARDER_WORKER_SLOTS: '1' }),
      logger: createLogger('test', { level: 'silent' }),
    });
    try {
      expect(await answer(TEMPLATES[template].backfill)).toMatchObject({
        status: 'succeeded',
        rows: { total: 3, done: 3 },
      });
    } finally {
      await worker.stop();
    }
    expect(await answer(TEMPLATES[template].predict)).toMatchObject({
      outputs: { [EXPECTED[template].output]: expect.any(Number) },
      degraded: false,
    });

    const tested = spawnSync(join(ROOT, 'node_modules/.bin/vitest'), ['run', '--root', folder], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    expect(tested.stdout).toContain('3 passed (3)');
  });
});

test('the models of the templates are what the script writes', async () => {
  const written = join(inject('testFolder'), `templates-${newId()}`);
  await writeTemplateModels(written);
  for (const file of ['tabular/models/purchase', 'text/models/ranking'].flatMap((folder) => [
    `${folder}/model.onnx`,
    `${folder}/golden.json`,
  ]))
    expect({
      file,
      same: readFileSync(join(written, file)).equals(readFileSync(join(CLI, 'templates', file))),
    }).toEqual({
      file,
      same: true,
    });
});
