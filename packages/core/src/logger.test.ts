import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const LOGGER = new URL('./logger.ts', import.meta.url).href;
const PASSWORD = 'hunter-2-in-a-log';

test('no line has a password or an API key, also where somebody logs a whole configuration, request or error', () => {
  const script = `
    const { createLogger } = await import(${JSON.stringify(LOGGER)});
    const logger = createLogger('test', { level: 'info' });
    const url = 'postgresql://app:${PASSWORD}@db/larder';
    logger.info({ databaseUrl: url, config: { redisUrl: url, databaseUrl: url } }, 'A configuration');
    logger.info({ headers: { authorization: 'Bearer ${PASSWORD}', 'x-api-key': '${PASSWORD}' } }, 'A request');
    const error = Object.assign(new Error('away'), { client: { password: '${PASSWORD}' }, input: url });
    logger.warn({ err: error }, 'An error');
    logger.flush();`;
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  expect([status, stdout.trim().split('\n').length]).toEqual([0, 3]);
  expect(stdout).not.toContain(PASSWORD);
});
