import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startPostgresProxy } from '@larder/testing';
import { expect, vi } from 'vitest';
import { startInference } from '../start-inference.ts';
import { applyUnchecked } from '../testing/apply-unchecked.ts';
import { createHttp } from '../testing/http.ts';
import { logger, test } from '../testing/inference-test.ts';

test('everything broken at once: the answer names no path, host, address or port', async ({
  service,
  redis,
}) => {
  const { project } = service;
  const proxy = await startPostgresProxy(service.config.databaseUrl);
  const inference = await startInference({ ...service.config, databaseUrl: proxy.url }, logger);
  const http = createHttp(inference.url);
  const readyText = async () => (await http.get('/health/ready')).text;
  await writeFile(join(project.root, 'models/ad_brightness/model.onnx'), 'no model');
  await applyUnchecked(service);
  await vi.waitFor(async () => expect(await readyText()).toContain('ARTIFACT_INVALID'), { timeout: 60_000 });
  await redis.stop();
  await proxy.cut();
  await vi.waitFor(async () => expect(await readyText()).toMatch(/redis",.*LARDER_REDIS_URL/), {
    timeout: 60_000,
  });

  for (const path of ['/health/ready', '/v1/models/ad_brightness']) {
    const { text } = await http.get(path);
    const shown = text.replaceAll('models/ad_brightness', ''); // its path in the manifest, which anyone may read
    expect(shown).not.toContain(project.root);
    expect(shown).not.toMatch(/localhost|127\.0\.0\.1|::1|\.onnx|\.sock/);
    expect(shown).not.toContain(new URL(proxy.url).port);
  }
  await inference.close();
});
