import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckdb, textLiteral } from '@larder/archive';
import { loadedFunctions, type LoadedProject } from '@larder/features';
import { loadModel } from '@larder/model-runtime';
import { loadRunner } from '@larder/serving';
import { adCtrScore, openFixture } from '@larder/serving/testing';
import { inject, onTestFinished, test, expect } from 'vitest';
import { readRows } from '../testing/read-rows.ts';
import { scoreFile, type ScoreDeps, type ScoreOptions } from './score-file.ts';

let fixture: Promise<LoadedProject> | null = null;

/** Scores the rows of a query. */
async function scored(
  model: string,
  query: string,
  options: ScoreOptions & { readonly outText?: string; readonly openRunner?: ScoreDeps['openRunner'] } = {},
): Promise<{ readonly rows: Record<string, unknown>[]; readonly folder: string; readonly total: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'larder-score-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [path, out] = [join(folder, "row's.parquet"), join(folder, 'out.parquet')];
  const duckdb = await openDuckdb({ folders: [folder], threads: 1 });
  await duckdb.run(`copy (${query}) to ${textLiteral(path)} (format parquet, row_group_size 2048)`);
  await duckdb.close();
  if (options.outText !== undefined) await writeFile(out, options.outText);
  const project = await (fixture ??= openFixture(inject('testFolder'), 'kinds.config.ts'));
  const definition = project.manifest.models[model];
  if (definition === undefined) throw new Error(`The fixture has no model ${model}.`);
  try {
    const { rows: total } = await scoreFile(
      {
        definitions: { manifest: project.manifest, functionOf: loadedFunctions(project), version: 3 },
        openRunner:
          options.openRunner ??
          (({ width, tensors }) =>
            loadRunner({
              folder: join(project.root, definition.artifact.path),
              model: definition,
              width,
              tensors,
              placement: 'inline',
            })),
      },
      { model, path, out },
      options,
    );
    return { rows: await readRows(out), folder, total };
  } catch (error) {
    const left = (await readdir(folder)).toSorted();
    const before = options.outText === undefined ? ["row's.parquet"] : ['out.parquet', "row's.parquet"];
    if (left.join() !== before.join()) throw new Error(`It left ${left.join()} behind.`, { cause: error });
    if (options.outText !== undefined && (await readFile(out, 'utf8')) !== options.outText)
      throw new Error('It replaced the file.', { cause: error });
    throw error;
  }
}

const IMAGE = `case when i % 5 = 0 then null else [i % 3, 0.1, -1, 2]::float[] end as "ad_image:embedding",
  case when i % 4 = 0 then null else (i % 10) / 10 end::float as "ad_image:brightness"`;
const REST = `case when i % 7 = 0 then 'nan'::double else (i % 9) / 9 end as "ad_stats:ctr",
  (i % 70)::float as "shopper_profile:age", i % 2 = 0 as "shopper_profile:premium"`;

const rest = (i: number) => ({
  embedding: i % 5 === 0 ? null : [i % 3, 0.1, -1, 2],
  brightness: i % 4 === 0 ? null : (i % 10) / 10,
  ctr: i % 7 === 0 ? null : (i % 9) / 9,
  age: i % 70,
  premium: i % 2 === 0,
});

test('on-demand features are evaluated from request fields and inputs; other columns pass through, in order', async () => {
  const ROWS = 10_000;
  const seen: number[] = [];
  const { rows, total } = await scored(
    'ad_ctr',
    `select 'ad-' || i as ad_id, i::hugeint as big, {'a': i} as nested, ${IMAGE}, ${REST},
       make_timestamptz(2026, 11, 20, i % 24, 0, 0) as requested_at, (i % 3)::double as bid,
       case when i % 2 = 0 then 'feed' else 'side' end as placement,
       case when i % 6 = 0 then null else i end as "ad_stats:clicks", (i * 10)::bigint as "ad_stats:impressions"
     from range(${ROWS}) t(i)`,
    { onProgress: ({ done }) => seen.push(done) },
  );
  expect(total).toBe(ROWS);
  expect(Object.keys(rows[0] ?? {})).toEqual([
    'ad_id',
    'big',
    'nested',
    'requested_at',
    'bid',
    'placement',
    'ctr',
  ]);
  expect(rows.map((row) => row['ad_id'])).toEqual(Array.from({ length: ROWS }, (_, i) => `ad-${i}`));
  for (const [i, row] of rows.entries()) {
    const expected = adCtrScore({
      ...rest(i),
      clicks: i % 6 === 0 ? null : i,
      impressions: i * 10,
      hourUtc: i % 24,
      bid: i % 3,
      placement: i % 2 === 0 ? 'feed' : 'side',
    });
    expect(row['ctr']).toBeCloseTo(expected, 5);
  }
  expect(seen.at(-1)).toBe(ROWS);
  expect(seen.length).toBeGreaterThan(3);
});

test('a training set has the features themselves: nothing is evaluated', async () => {
  const { rows } = await scored(
    'ad_ctr',
    `select i as label, ${IMAGE}, ${REST}, 0::float as "moment:hour_sin", 1::float as "moment:hour_cos",
       null::float as "offer:smoothed", true as "offer:in_feed", 2::float as "offer:at_noon"
     from range(3) t(i)`,
  );
  const input = { clicks: null, impressions: null, hourUtc: 0, bid: 2, placement: 'feed' };
  expect(rows).toEqual(
    [0, 1, 2].map((i) => ({
      label: BigInt(i),
      ctr: expect.closeTo(adCtrScore({ ...rest(i), ...input }), 5),
    })),
  );
});

test('the outputs of post-processing are the columns, with their types', async () => {
  const { rows } = await scored(
    'ad_verdict',
    `select i as id, i::float as "ad_image:brightness", 0.4 as "floor", 'well' as how from range(2) t(i)`,
  );
  expect(rows.map(({ id, shown, reason }) => [id, shown, reason])).toEqual([
    [0n, false, expect.stringMatching(/^below 0.4/)],
    [1n, false, expect.stringMatching(/^below 0.4/)],
  ]);
  const score = 1 / (1 + Math.exp(-1));
  expect(rows[1]).toMatchObject({
    calibrated: expect.closeTo(score / 2, 6),
    basis_points: BigInt(Math.round((score / 2) * 10_000)),
  });
});

test('a model of several typed inputs gets floats, int64, text, bools and doubles, given or evaluated', async () => {
  const { rows } = await scored(
    'ad_typed',
    `select i as id, case when i = 1 then null else 'red' end as "ad_image:note", 0.25::float as "ad_image:brightness",
       0.5 as "ad_stats:ctr", (1::bigint << 20) + i as "ad_stats:impressions", null::integer as "ad_stats:clicks",
       i = 0 as "shopper_profile:premium", 0.5::float as bid from range(2) t(i)`,
  );
  const sum = 0.25 + 0.5 + 2 ** 20 + 0.5;
  expect(rows).toEqual([
    { id: 0n, bid: 0.5, score: sum + 100 + 1 },
    { id: 1n, bid: 0.5, score: sum + 1 - 1 },
  ]);
});

test('missing columns are named, with the request fields that could replace them', async () => {
  await expect(
    scored('ad_ctr', `select 1 as ad_id, 0.5::float as "ad_image:brightness"`),
  ).rejects.toMatchObject({
    code: 'DATA_FILE_INVALID',
    message: expect.stringMatching(
      /s\.parquet' lacks columns that ad_ctr@3 needs: ad_image:embedding, ad_stats:ctr, shopper_profile:age, shopper_profile:premium; for moment: requested_at, or moment:hour_sin, moment:hour_cos; for offer: requested_at, bid, placement, ad_stats:clicks, ad_stats:impressions, or offer:smoothed, offer:in_feed, offer:at_noon\. It has ad_id, ad_image:brightness\./,
    ),
  });
});

test('a value that is not one of the feature is refused with its row, and an earlier file stays', async () => {
  const bad = `select case when i = 1 then 'many' else i::text end as "ad_image:brightness",
    0.4 as "floor", 'well' as how from range(3) t(i)`;
  await expect(scored('ad_verdict', bad, { outText: 'kept' })).rejects.toMatchObject({
    code: 'DATA_FILE_INVALID',
    message: expect.stringContaining('row 2, ad_image:brightness must be a number'),
  });
  const empty = `select 0.5::float as "ad_image:brightness", null::float as "floor", 'well' as how`;
  await expect(scored('ad_verdict', empty)).rejects.toMatchObject({
    message: expect.stringContaining('row 1, floor is empty'),
  });
  const short = `select ${IMAGE.replaceAll('2]', '2, 3]')}, ${REST}, 0 as "moment:hour_sin", 1 as "moment:hour_cos",
    null::float as "offer:smoothed", true as "offer:in_feed", 2::float as "offer:at_noon" from range(1, 3) t(i)`;
  await expect(scored('ad_ctr', short)).rejects.toMatchObject({
    message: expect.stringContaining('row 1, ad_image:embedding must be a list of 4 numbers'),
  });
  await expect(
    scored('ad_verdict', `select today() as "ad_image:brightness", 0.1 as "floor", 'x' as how`),
  ).rejects.toMatchObject({
    message: expect.stringContaining('column ad_image:brightness is DATE: numbers are needed'),
  });
});

test('a folder is refused as the output before anything is scored', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'larder-score-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const project = await (fixture ??= openFixture(inject('testFolder'), 'kinds.config.ts'));
  const deps: ScoreDeps = {
    definitions: { manifest: project.manifest, functionOf: loadedFunctions(project), version: 3 },
    openRunner: () => Promise.reject(new Error('scored')),
  };
  await expect(
    scoreFile(deps, { model: 'ad_ctr', path: join(folder, 'rows.parquet'), out: folder }),
  ).rejects.toMatchObject({ code: 'REQUEST_INVALID', message: expect.stringContaining('is a folder') });
});

test('a function that fails names the row; an output never replaces a column', async () => {
  const row = (how: string) => `select 0.5::float as "ad_image:brightness", 0.1 as "floor", '${how}' as how`;
  await expect(scored('ad_verdict', row('throw'))).rejects.toMatchObject({
    code: 'ON_DEMAND_FAILED',
    message: expect.stringMatching(/^Row 1 of .*verdict threw.*the secret of the function/),
  });
  await expect(scored('ad_verdict', `${row('well')}, 1 as shown`)).rejects.toMatchObject({
    code: 'DATA_FILE_INVALID',
    message: expect.stringContaining('has a column shown, which is an output of ad_verdict'),
  });
  // Parquet would have both, and most readers one of them.
  await expect(scored('ad_verdict', `${row('well')}, 1 as "Shown"`)).rejects.toMatchObject({
    message: expect.stringContaining('has a column Shown, which is an output of ad_verdict'),
  });
  await expect(scored('ad_verdict', `${row('well')}, 1 as "FILE_row_number"`)).rejects.toMatchObject({
    message: expect.stringContaining('has a column FILE_row_number; rename or drop it'),
  });
});

test('batches of a slow model run on several threads, and stay in order', async () => {
  const ROWS = 20_000;
  const project = await (fixture ??= openFixture(inject('testFolder'), 'kinds.config.ts'));
  const { rows } = await scored(
    'ad_brightness',
    `select i as id, i::float / ${ROWS} as "ad_image:brightness" from range(${ROWS}) t(i)`,
    {
      async openRunner({ width }) {
        const runner = await loadModel({
          artifactPath: join(project.root, 'models/ad_brightness'),
          expectedFeatures: ['ad_image:brightness'],
          width,
          outputs: ['score'],
          placement: 'pool',
          poolThreads: 2,
        });
        onTestFinished(() => runner.close());
        return runner;
      },
    },
  );
  expect(rows).toHaveLength(ROWS);
  for (const [i, { id, score }] of rows.entries())
    expect([id, score]).toEqual([BigInt(i), expect.closeTo(1 / (1 + Math.exp(-i / ROWS)), 5)]);
});

test('a file without rows gives a file without rows, with the columns', async () => {
  const { total, rows } = await scored(
    'ad_brightness',
    `select 1 as id, 0.5::float as "ad_image:brightness" from range(0)`,
  );
  expect({ total, rows }).toEqual({ total: 0, rows: [] });
});
