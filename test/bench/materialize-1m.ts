import { backfill } from './ads/ads-stack.ts';
import { deleteOnline, landBare, readLanded, type LandedBytes } from './materialize/bare-landing.ts';
import { startMaterializeStack } from './materialize/materialize-stack.ts';
import { cpuSeconds, peakBytes } from './materialize/process-usage.ts';
import { interleaved, median, type Bench } from './row.ts';

const ROWS = 1_000_000;
const ROUNDS = 3;
const MIN_ROWS_PER_SECOND = 40_000;
const MAX_PEAK_MIB = 400;
const MIB = 2 ** 20;

const bench: Bench = {
  name: 'materialize-1m',
  what: '1,000,000 rows of ten features from SQL into history and Redis, from the request to the last row online, against bare COPY and bare HSETs of the same bytes side by side',
  async run(progress, { rows: count = ROWS } = {}) {
    const running = await startMaterializeStack(count);
    const { stack } = running;
    let landed: LandedBytes | null = null;
    const cpu = () => {
      const { worker = 0, PostgreSQL = 0, Redis = 0 } = stack.pids();
      return { worker: cpuSeconds(worker), PostgreSQL: cpuSeconds(PostgreSQL), Redis: cpuSeconds(Redis) };
    };

    async function materialize(): Promise<number> {
      await running.empty();
      if (landed) await deleteOnline(stack.redisUrl, landed);
      const before = cpu();
      const { seconds, done } = await backfill(running, 'account_stats', false);
      const after = cpu();
      if (done !== count) throw new Error(`The run landed ${done} of ${count} rows.`);
      const microseconds = (name: keyof typeof after) =>
        (((after[name] - before[name]) / count) * 1e6).toPrecision(3);
      progress(
        `Larder: ${Math.round(count / seconds)} rows/s; CPU µs per row: worker ${microseconds('worker')}, PostgreSQL ${microseconds('PostgreSQL')}, Redis ${microseconds('Redis')}`,
      );
      landed ??= await readLanded(stack.databaseUrl, stack.redisUrl);
      if (landed.rows !== count) throw new Error(`Redis holds ${landed.rows} of ${count} rows.`);
      return count / seconds;
    }

    async function bare(): Promise<number> {
      if (landed === null) return Number.NaN; // the warm-up begins with Larder
      await deleteOnline(stack.redisUrl, landed);
      const seconds = await landBare(landed, stack.databaseUrl, stack.redisUrl);
      progress(`COPY and HSET: ${Math.round(count / seconds)} rows/s`);
      return count / seconds;
    }

    try {
      // The bytes that both sides land are known after the first round.
      await materialize();
      const measured = await interleaved(ROUNDS, materialize, bare);
      const value = median(measured.values);
      const peakMib = peakBytes(stack.pids()['worker'] as number) / MIB;
      return [
        {
          name: 'materialize-1m',
          value,
          unit: 'rows/s',
          floor: median(measured.floors),
          ratio: median(measured.ratios),
          target: `≥ ${MIN_ROWS_PER_SECOND.toLocaleString('en-US')} rows/s on two cores`,
          ok: value >= MIN_ROWS_PER_SECOND,
        },
        {
          name: 'materialize-1m-memory',
          value: peakMib,
          unit: 'MiB at most, the worker',
          floor: null,
          ratio: null,
          target: `≤ ${MAX_PEAK_MIB} MiB`,
          ok: peakMib <= MAX_PEAK_MIB,
        },
      ];
    } finally {
      await running.close();
    }
  },
};

export default bench;
