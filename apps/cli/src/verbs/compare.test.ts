import { PassThrough } from 'node:stream';
import { CONFIG_PATH, test, type Shop } from '@larder/materialization/fixtures';
import { ensureHistory } from '@larder/offline-store';
import { expect } from 'vitest';
import { printComparison } from '../compare/print-comparison.ts';
import { createOutput } from '../output/output.ts';
import { runProgram } from '../program.ts';

async function compare(shop: Shop, ...args: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const stores = ['--project', CONFIG_PATH, '--database-url', shop.databaseUrl, '--redis-url', shop.redisUrl];
  const code = await runProgram({
    argv: ['compare', ...args, ...stores],
    stdout,
    stderr,
    signal: new AbortController().signal,
  });
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

test('prints keys, distributions and what changed', async ({ shop }) => {
  const { entities } = shop.project.manifest;
  const view = shop.view('ad_user_stats@1');
  await ensureHistory(shop.store, { project: 'shop', entities }, view);
  await shop.sql(`
    insert into shop_history.ad_user_stats_v1
      (ad_id, user_id, event_timestamp, created_timestamp, revision, chunk_id, input_hash, clicks, spent)
    select 'ad-' || n, n, date_trunc('hour', now()), now(), 1, 1, 0, n, n / 4.0 from generate_series(1, 4) n`);
  const { code, stdout } = await compare(shop, 'ad_user_stats@1', 'ad_user_stats@1');
  expect(stdout).toMatch(/^ad_user_stats@1 +4 +4$/m);
  expect(stdout).toMatch(/^both +4$/m);
  expect(stdout).toMatch(/^spent +0\.0% +0 +ad_user_stats@1 +0\.0% +0\.25 .* 1 +0\.625$/m);
  expect(stdout).not.toContain('filled');
  expect(code).toBe(0);
});

test('a version with no keys or few is named', () => {
  const whole = {
    before: 'ads@1',
    after: 'ads@2',
    coverage: { before: 4_000, after: 0, both: 0, before_fresh: 4_000, after_fresh: 0 },
    features: [],
    added: [],
    removed: [],
    retyped: [],
    predictions: null,
  };
  const printed = (before: number, after: number): string => {
    const stdout = new PassThrough();
    const out = createOutput({ json: false, colours: false, columns: 100, stdout, stderr: stdout });
    printComparison({ ...whole, coverage: { ...whole.coverage, before, after } }, out);
    return String(stdout.read());
  };
  expect(printed(4_000, 0)).toMatch(/^ads@2 has no keys: .*still being filled.* See: larder runs$/m);
  expect(printed(4_000, 1_999)).toMatch(/^ads@2 has only 1,999 of 4,000 keys: /m);
  expect(printed(100, 4_000)).toMatch(/^ads@1 has only 100 of 4,000 keys: /m);
  expect(printed(4_000, 2_000)).not.toContain('filled');
});

test.for([
  [['ad_user_stats', 'ad_user_stats@1'], 2, /BEFORE must be a view with its version/],
  [['ad_user_stats@1', 'ad_user_stats@9'], 1, /No view version ad_user_stats@9 is applied/],
  [['ad_user_stats@1', 'ad_user_stats@1', '--tolerance', '-1'], 2, /--tolerance must be a number/],
  [['ad_user_stats@1', 'ad_user_stats@1', '--model', 'nobody'], 1, /nobody/],
] as const)('%s is refused', async ([args, code, text], { shop }) => {
  const refused = await compare(shop, ...args);
  expect(refused.stderr).toMatch(text);
  expect(refused.code).toBe(code);
});
