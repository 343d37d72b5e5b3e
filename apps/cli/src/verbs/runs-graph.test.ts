import { PassThrough } from 'node:stream';
import { CONFIG_PATH, test, type Shop } from '@larder/materialization/fixtures';
import { expect } from 'vitest';
import { runProgram } from '../program.ts';

async function larderRuns(shop: Shop, ...argv: string[]): Promise<{ code: number; text: string }> {
  const stdout = new PassThrough();
  const stores = ['--project', CONFIG_PATH, '--database-url', shop.databaseUrl, '--redis-url', shop.redisUrl];
  const code = await runProgram({
    argv: ['runs', ...argv, ...stores],
    stdout,
    stderr: new PassThrough(),
    signal: new AbortController().signal,
  });
  return { code, text: String(stdout.read() ?? '') };
}

/** Three runs of a chain, as its followers link them: two feed the third. */
async function chained(shop: Shop): Promise<readonly [words: string, catalog: string, offers: string]> {
  const runs = [
    await shop.backfill('ad_words@1'),
    await shop.backfill('catalog@1'),
    await shop.backfill('offer@1'),
  ] as const;
  for (const parent of runs.slice(0, 2))
    await shop.sql(`insert into larder.run_links values ('${parent}', '${runs[2]}')`);
  return runs;
}

test('--graph shows each run after those that fed it, and which these are', async ({ shop }) => {
  const [words, catalog, offers] = await chained(shop);
  const { code, text } = await larderRuns(shop, offers, '--graph');
  expect(code).toBe(0);
  const [titles, ...lines] = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  expect(titles).toEqual(['RUN', 'VIEW', 'FED BY', 'STATUS', 'DONE', 'FAILED']);
  expect(lines.map(([id, view]) => [id, view])).toEqual([
    [words, 'ad_words@1'],
    [catalog, 'catalog@1'],
    [offers, 'offer@1'],
  ]);
  expect(lines.map((cells) => cells.slice(2))).toEqual([
    ['queued', '0', '0'],
    ['queued', '0', '0'],
    [expect.stringMatching(/^(ad_words@1, catalog@1|catalog@1, ad_words@1)$/), 'queued', '0', '0'],
  ]);
  // The newest run, where no ID is given.
  expect((await larderRuns(shop, '--graph')).text).toBe(text);
});

test('--graph --json has the runs and the links of the HTTP API', async ({ shop }) => {
  const [words, catalog, offers] = await chained(shop);
  const { code, text } = await larderRuns(shop, words, '--graph', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(text)).toMatchObject({
    runs: [
      { run_id: words, view: 'ad_words', version: 1, status: 'queued', rows: { done: 0, failed: 0 } },
      { run_id: offers, view: 'offer', version: 1, status: 'queued' },
    ],
    links: [{ parent_run_id: words, run_id: offers }],
  });
  expect(text).not.toContain(catalog);
});

test('--graph is of one run: it takes neither an action nor --follow, and the run exists', async ({
  shop,
}) => {
  const [words] = await chained(shop);
  expect((await larderRuns(shop, words, 'pause', '--graph')).code).toBe(2);
  expect((await larderRuns(shop, words, '--graph', '--follow')).code).toBe(2);
  const { code, text } = await larderRuns(shop, '01900000-0000-7000-8000-000000000000', '--graph', '--json');
  expect([code, (JSON.parse(text) as { code: string }).code]).toEqual([1, 'RUN_NOT_FOUND']);
});
