import { expect, test } from 'vitest';
import { copyShop, jsonOf, larder, runCli } from '../fixtures/run-cli.ts';

test.for([
  ['LARDER_DATABASE_URL', 'postgresql://u:s3cret@h:99999/db'],
  ['LARDER_DATABASE_URL', 'postgresql://u:s3cret%e9@h/db'],
  ['LARDER_DATABASE_URL', 'postgresql://u:s3cret/@h/db'],
  ['LARDER_REDIS_URL', 'redis://:s3cret%@h'],
  ['LARDER_QUEUE_REDIS_URL', 'unix:///s3cret%zz'],
  ['LARDER_CONNECTION_SHOP_URL', 'postgresql://u:s3cret@h:port/db'],
] as const)('%s that is malformed is wrong configuration and is not repeated: %s', async ([name, value]) => {
  const result = await larder(['runs'], { [name]: value });
  expect(result.code).toBe(2);
  expect(result.stderr).toContain('CONFIGURATION_INVALID');
  expect(result.stderr).toContain(`${name} is not a valid URL`);
  expect(result.stderr).not.toMatch(/s3cret|at new URL|INTERNAL/);
});

test('a flag that is malformed is named as the flag, also in JSON', async () => {
  const result = await runCli(['runs', '--json', '--database-url', 'postgresql://u:s3cret@h:99999/db'], {
    cwd: copyShop(),
  });
  expect(result.code).toBe(2);
  expect(jsonOf(result)).toMatchObject({
    code: 'CONFIGURATION_INVALID',
    detail: expect.stringContaining('--database-url is not a valid URL'),
  });
  expect(result.stdout + result.stderr).not.toContain('s3cret');
});
