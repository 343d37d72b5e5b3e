import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readyAnswerSchema } from '@larder/contracts';
import { expect } from 'vitest';
import { startInference } from '../start-inference.ts';
import { body, SCORE } from '../testing/ads.ts';
import { createHttp, type Http } from '../testing/http.ts';
import { logger, test, type Service } from '../testing/inference-test.ts';

/** As the release before registered versions. */
const forget = ({ offlineStore }: Service) =>
  offlineStore.pool.query('update larder.model_versions set content = null');

const modelCheck = async (http: Http) =>
  readyAnswerSchema
    .parse((await http.get('/health/ready')).body)
    .checks.find(({ name }) => name === 'model ad_ctr');

test('a version that the release before registered is published by a process with its code, then served by any', async ({
  service,
}) => {
  const source = await readFile(service.project.configPath, 'utf8');
  const projectPath = join(service.project.root, 'other.config.ts');
  await writeFile(projectPath, source.replace('hour_sin: Math.sin(angle)', 'hour_sin: 7'));
  const other = { ...service.config, projectPath };

  await forget(service);
  const stranger = await startInference(other, logger);
  const strange = createHttp(stranger.url);
  const refused = await strange.post('/v1/models/ad_ctr/predict', body('ad-1'));
  expect(refused).toMatchObject({ status: 503, body: { code: 'MODEL_NOT_READY' } });
  expect(await modelCheck(strange)).toMatchObject({
    degraded: true,
    detail: expect.stringContaining("run 'larder apply' with this release"),
  });

  const owner = await startInference(service.config, logger);
  const answer = await createHttp(owner.url).post('/v1/models/ad_ctr/predict', body('ad-1'));
  expect(answer.body).toMatchObject({ version: 1, outputs: { ctr: expect.closeTo(SCORE, 5) } });
  await expect
    .poll(async () => (await strange.post('/v1/models/ad_ctr/predict', body('ad-1'))).body, {
      timeout: 60_000,
    })
    .toMatchObject({ version: 1, outputs: { ctr: expect.closeTo(SCORE, 5) } });
  expect(await modelCheck(strange)).toMatchObject({ degraded: false });
  await stranger.close();
  await owner.close();
});
