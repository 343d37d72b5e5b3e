import { startMaterializeStack } from './materialize/materialize-stack.ts';
import { cpuSeconds } from './materialize/process-usage.ts';
import { load } from './predict/load.ts';
import { median, quantile, type Bench } from './row.ts';

const PUSHES = 10_000;
const CALLERS = 50;
const ROUNDS = 3;
const ROUND_MS = 120_000;
const MIN_PER_SECOND = 1_000;
const MAX_P99_MS = 100;

const bench: Bench = {
  name: 'push-10k',
  what: '10,000 pushes of one row each from 50 callers over HTTP into history and Redis, each answered when both have its row',
  async run(progress, { rows: pushes = PUSHES } = {}) {
    const running = await startMaterializeStack(1);
    const perSecond: number[] = [];
    const p99: number[] = [];
    const spent = () => {
      const { inference = 0, PostgreSQL = 0, Redis = 0 } = running.stack.pids();
      return [inference, PostgreSQL, Redis].map(cpuSeconds);
    };
    try {
      for (let round = 0; round <= ROUNDS; round++) {
        const before = spent();
        const { answered, refused, durationMs, latencies } = await load({
          url: running.stack.inferenceUrl,
          path: '/v1/views/account_stats/push',
          bodies: Array.from({ length: pushes }, (_, at) => pushOf(`round-${round}-${at}`, at)),
          connections: CALLERS,
          requests: pushes,
          durationMs: ROUND_MS,
        });
        const cpu = spent().map((seconds, at) => Math.round(((seconds - (before[at] ?? 0)) / pushes) * 1e6));
        const [found] = await running.query<{ rows: string; runs: string }>(
          `select count(distinct account_id) as rows, count(distinct chunk_id) as runs
           from bench_history.account_stats_v1 where account_id like 'round-${round}-%'`,
        );
        if (refused > 0 || answered !== pushes || Number(found?.rows) !== pushes)
          throw new Error(
            `${answered} of ${pushes} pushes were answered, ${found?.rows} rows are in history.`,
          );
        const rate = (answered * 1_000) / durationMs;
        const late = quantile(latencies, 0.99);
        progress(
          `${rate.toFixed(0)} pushes/s in ${found?.runs} runs; p50 ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${late.toFixed(1)} ms; CPU µs per push: service ${cpu[0]}, PostgreSQL ${cpu[1]}, Redis ${cpu[2]}`,
        );
        // the first warms up
        if (round === 0) continue;
        perSecond.push(rate);
        p99.push(late);
      }
    } finally {
      await running.close();
    }
    const rate = median(perSecond);
    const late = median(p99);
    const absolute = { floor: null, ratio: null };
    return [
      {
        name: 'push-10k',
        value: rate,
        unit: 'pushes/s',
        ...absolute,
        target: `≥ ${MIN_PER_SECOND.toLocaleString('en-US')} pushes/s`,
        ok: rate >= MIN_PER_SECOND,
      },
      {
        name: 'push-10k-p99',
        value: late,
        unit: 'ms p99 of a push',
        ...absolute,
        target: `≤ ${MAX_P99_MS} ms`,
        ok: late <= MAX_P99_MS,
      },
    ];
  },
};

export default bench;

function pushOf(accountId: string, at: number): string {
  const instant = new Date().toISOString();
  const row = {
    account_id: accountId,
    event_timestamp: instant,
    basket_mean: at / 7,
    basket_last: at / 3,
    balance: at * 0.37,
    risk: null,
    orders: String(at),
    orders_30d: at % 60,
    is_member: at % 3 === 0,
    country: 'DE',
    plan: 'family',
    last_order_at: instant,
  };
  return JSON.stringify({ rows: [row] });
}
