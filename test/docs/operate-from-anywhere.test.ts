import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import pg from 'pg';
import { expect } from 'vitest';
import { jsonOf, larder } from '../../apps/cli/fixtures/run-cli.ts';
import { test } from '../../apps/cli/fixtures/served-shop.ts';

const guide = readFileSync(
  resolve(import.meta.dirname, '../../docs/guides/operate-from-anywhere.md'),
  'utf8',
);
const [, block = ''] = /^```bash\n([^]*?)^```$/m.exec(guide) ?? [];

test('the commands of the guide work with a URL and a key alone', async ({ served, database }) => {
  const { url } = await served.locked();
  const { key } = jsonOf(await served.direct('api-keys', 'create', 'ada', '--role', 'operator', '--json'));
  // One row of the source cannot be read, so the version would never be complete.
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('update larder.model_versions set complete_at = now()');
  await client.end();
  const lines = block
    // the names of this project
    .replace('https://larder.example.com', url)
    .replace('lrd_…', String(key))
    .replace('ad_image', 'ad_stats')
    .replace('ad_ctr@7', 'ad_ctr@1')
    .trimEnd()
    .split('\n');
  const env: Record<string, string> = { LARDER_PROJECT: 'nowhere/larder.config.ts' };
  const results: Record<string, unknown> = {};
  for (const line of lines) {
    const [, name, value] = /^export (\w+)=(\S+)$/.exec(line) ?? [];
    if (name !== undefined) {
      env[name] = value ?? '';
      continue;
    }
    const [program, verb = '', ...args] = line.match(/'[^']*'|\S+/g) ?? [];
    expect(program).toBe('larder');
    const words = args.map((word) => word.replace(/^'(.*)'$/, '$1'));
    const { code, stdout, stderr } = await larder([verb, ...words], env);
    results[verb] = { code, said: stdout + stderr };
  }
  expect(Object.keys(env)).toEqual(expect.arrayContaining(['LARDER_URL', 'LARDER_API_KEY']));
  expect(results).toEqual({
    status: { code: expect.any(Number), said: expect.stringMatching(/^shop {2}/) },
    backfill: { code: 0, said: expect.stringContaining('ad_stats@1') },
    promote: { code: 0, said: expect.stringContaining('champion of ad_ctr is version 1') },
  });
});
