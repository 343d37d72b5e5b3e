import { existsSync, readdirSync } from 'node:fs';
import { parquetOf } from '@larder/training/testing';
import { expect } from 'vitest';
import { body } from '../testing/ads.ts';
import { test, type Service } from '../testing/inference-test.ts';

const WAIT = { timeout: 150_000, interval: 100 };
const AT = "timestamptz '2026-11-01 00:00:00Z' as event_timestamp";

interface Answer {
  readonly training_set_id: string;
  readonly status: string;
  readonly error: { readonly code: string; readonly reason: string } | null;
}

const filesOf = (folder: string): string[] =>
  (existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : []).filter(
    (name) => !/^(uploads|work)$/.test(name),
  );

/** Sends rows and gives how the build ended; meanwhile the service must answer. */
async function buildOf({ http }: Service, query: string): Promise<Answer> {
  const sent = await http.send('/v1/training-sets?features=ad_stats:ctr', {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.apache.parquet' },
    body: new Uint8Array(await parquetOf(query)),
  });
  expect(sent.status).toBe(202);
  const { training_set_id: id } = sent.body as Answer;
  const state = async () => (await http.get(`/v1/training-sets/${id}`)).body as Answer;
  await expect
    .poll(async () => {
      expect((await http.post('/v1/models/ad_ctr/predict', body('ad-1'))).status).toBe(200);
      return (await state()).status;
    }, WAIT)
    .toMatch(/complete|failed/);
  return state();
}

test.for([
  [
    'more rows than a service takes, in a few bytes',
    `select 'ad-1' as ad_id, ${AT} from range(1000000)`,
    'SPINE_INVALID',
    /1000000 rows; the service takes at most 10000/,
  ],
  [
    'text that takes more than the disk space of a build',
    `select 'ad-1' as ad_id, ${AT}, repeat(md5(i::varchar), 1000) as t from range(10000) r(i)`,
    'WORK_MEMORY_EXCEEDED',
    /LARDER_TRAINING_SETS_DISK_MB/,
  ],
  [
    'a large value that repeats',
    `select 'ad-1' as ad_id, ${AT}, repeat('x', 1000000) as big from range(500)`,
    'WORK_MEMORY_EXCEEDED',
    /LARDER_TRAINING_SETS_|memory/,
  ],
  [
    'lists in lists',
    `select 'ad-1' as ad_id, ${AT}, ${'['.repeat(60)}1${']'.repeat(60)} as deep`,
    'SPINE_INVALID',
    /deep is nested 60 levels deep; it may be 8/,
  ],
  [
    'columns without end',
    `select 'ad-1' as ad_id, ${AT}, ${Array.from({ length: 2_000 }, (_, i) => `1 as c${i}`).join(', ')}`,
    'SPINE_INVALID',
    /has 2002 columns; it may have 2000/,
  ],
] as const)(
  'a Parquet file with %s is refused; the service answers and nothing is left',
  async ([, query, code, reason], { service }) => {
    const { status, error } = await buildOf(service, query);
    expect([status, error?.code]).toEqual(['failed', code]);
    expect(error?.reason).toMatch(reason);
    expect(filesOf(service.config.trainingSets.folder)).toEqual([]);
  },
);
