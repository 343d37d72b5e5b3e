import { processesAnswerSchema } from '@larder/contracts';
import { expect } from 'vitest';
import { test } from '../testing/inference-test.ts';

test('an inference process reports its identity and the models that it serves', async ({ service }) => {
  const answer = async () => (await service.http.get('/v1/processes')).body;
  await expect.poll(answer).toMatchObject({ processes: [{}] });
  const { processes } = processesAnswerSchema.parse(await answer());
  expect(processes).toMatchObject([{ role: 'inference', pid: process.pid, views: [], slots: null }]);
  expect(processes[0]?.models.find(({ model }) => model === 'ad_ctr')).toEqual({
    model: 'ad_ctr',
    version: 1,
    ready: true,
    reads: expect.arrayContaining(['ad_image@1', 'ad_stats@1', 'shopper_profile@1']),
    aliases: expect.any(Array),
  });
});
