import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckdb } from '@larder/archive';
import { expect, onTestFinished, test } from 'vitest';
import type { ResolvedFeatures } from '../features/resolve-features.ts';
import type { LoadedSpine } from '../spine/load-spine.ts';
import { writeParts } from './write-parts.ts';

const ROWS = 10_000;
/** Row numbers reach a million: a perfect hash join takes memory for each of them. */
const STEP = 100;
const FEATURES = Array.from({ length: 40 }, (_, at) => at);
const MEMORY_MB = 96;
const MIB = 2 ** 20;

test('a small part of a long spine is written within the limit of memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'larder-part-memory-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const duckdb = await openDuckdb({ memoryLimitMb: MEMORY_MB, folders: [folder] });
  onTestFinished(() => duckdb.close());
  const columns = (name: string): string =>
    FEATURES.map((at) => `(i + ${at})::double as ${name}${at}`).join();
  await duckdb.run(`
    create table given as select i * ${STEP} as row, i as s0 from range(${ROWS}) t(i);
    create view spine as from given;
    create table joined_0 as select i * ${STEP} as row, ${columns('v0_f')} from range(${ROWS}) t(i);
    create table computed as select i * ${STEP} as row, ${columns('d')} from range(${ROWS}) t(i)`);
  const field = { name: 'x', type: 'float64' };
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 2);
  onTestFinished(() => clearInterval(watch));
  const { files } = await writeParts(duckdb, {
    features: {
      columns: [
        ...FEATURES.map((feature) => ({
          kind: 'history',
          name: `v:${feature}`,
          field,
          defaultValue: null,
          place: { group: 0, view: 0, feature },
        })),
        ...FEATURES.map((feature) => ({
          kind: 'on_demand',
          name: `d:${feature}`,
          field,
          defaultValue: null,
        })),
      ],
      groups: [{}],
    } as unknown as ResolvedFeatures,
    spine: { columns: [{ name: 'id' }], rows: ROWS } as unknown as LoadedSpine,
    split: { parts: [{ part: 'test', rows: 's0 % 10 = 3' }], statement: null },
    format: 'parquet',
    folder,
    onRows: () => {},
  });
  expect(files).toMatchObject([{ part: 'test', rows: ROWS / 10 }]);
  expect((peak - before) / MIB).toBeLessThan(MEMORY_MB);
});
