import { Readable } from 'node:stream';
import { joinInPostgresql, landedBefore, type PointInTimeJoin } from '@larder/offline-store';
import type { HistoryDatabase } from './history-database.ts';

export interface MeasuredJoin {
  readonly seconds: number;
  /** CPU seconds of PostgreSQL. */
  readonly cpuSeconds: number;
  /** CPU seconds of this process. */
  readonly nodeCpuSeconds: number;
  readonly rows: number;
}

const NEWLINE = 0x0a;
const PIECE_BYTES = 65_536;

export async function joinOf(
  { store, manifest, view }: Pick<HistoryDatabase, 'store' | 'manifest' | 'view'>,
  names: readonly string[],
  ttlMs: number | 'forever' = 'forever',
): Promise<PointInTimeJoin> {
  const views = names.map((name) => ({ view: view(name), features: view(name).schema, ttlMs }));
  const entity = manifest.entities['account'];
  if (entity === undefined) throw new Error('The project has no accounts.');
  return {
    project: manifest,
    entity,
    views,
    cutOff: 'created',
    landedBefore: await landedBefore(store, { project: manifest, views }),
  };
}

/** From the first byte of the spine sent to the last byte of the result read; the result is only counted. */
export async function measureJoin(
  database: HistoryDatabase,
  join: PointInTimeJoin,
  spine: Buffer,
): Promise<MeasuredJoin> {
  const before = database.cpu();
  const nodeBefore = process.cpuUsage();
  const started = performance.now();
  let rows = 0;
  for await (const bytes of joinInPostgresql(database.store, join, pieces(spine)) as AsyncIterable<Buffer>)
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) rows++;
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(nodeBefore);
  return { seconds, cpuSeconds: database.cpu() - before, nodeCpuSeconds: (user + system) / 1e6, rows };
}

function pieces(bytes: Buffer): Readable {
  return Readable.from(
    Array.from({ length: Math.ceil(bytes.length / PIECE_BYTES) }, (_, at) =>
      bytes.subarray(at * PIECE_BYTES, (at + 1) * PIECE_BYTES),
    ),
  );
}

/** For the progress of a benchmark. */
export function told({ seconds, cpuSeconds, nodeCpuSeconds }: MeasuredJoin): string {
  return `${seconds.toFixed(2)} s; CPU: PostgreSQL ${cpuSeconds.toFixed(2)} s, Node ${nodeCpuSeconds.toFixed(2)} s`;
}
