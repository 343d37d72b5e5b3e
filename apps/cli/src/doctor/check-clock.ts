import { systemClock, type Clock } from '@larder/core';
import type { Session } from '../session.ts';
import { fail, ok, warn, type Finding } from './check.ts';

/** Freshness and lags are shown wrong. */
const WARN_MS = 1_000;
/** TTLs end early or late; from five minutes on, rows are refused as lying in the future. */
const FAIL_MS = 60_000;

/** This machine's clock beside those of PostgreSQL and Redis, as far as they answer: whoever is away has its own check. */
export async function checkClock(session: Session, clock: Clock = systemClock): Promise<Finding[]> {
  const offsets = await Promise.all([
    offset(clock, () => databaseTime(session)),
    offset(clock, () => redisTime(session)),
  ]);
  return ['PostgreSQL', 'Redis'].flatMap((store, i) => {
    const aheadMs = offsets[i] ?? null;
    return aheadMs === null ? [] : [judge(store, aheadMs)];
  });
}

function judge(store: string, aheadMs: number): Finding {
  const check = `clock ${store.toLowerCase()}`;
  const seconds = Math.abs(aheadMs / 1_000).toFixed(1);
  const detail = `that of ${store} is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`;
  if (Math.abs(aheadMs) <= WARN_MS)
    return ok(
      check,
      Math.abs(aheadMs) < 1
        ? 'agrees with this machine’s'
        : `within ${Math.ceil(Math.abs(aheadMs))} ms of ${store}'s`,
    );
  const mend = 'Let both machines keep time by NTP: sudo timedatectl set-ntp true';
  return Math.abs(aheadMs) <= FAIL_MS ? warn(check, detail, mend) : fail(check, detail, mend);
}

/** How far the other clock is ahead, in ms; what lies within the time of asking counts as equal. */
async function offset(
  clock: Clock,
  ask: () => Promise<(() => Promise<number>) | null>,
): Promise<number | null> {
  try {
    const time = await ask();
    if (time === null) return null;
    const before = clock.nowMs();
    const theirs = await time();
    const after = clock.nowMs();
    return theirs < before ? theirs - before : Math.max(0, theirs - after);
  } catch {
    return null;
  }
}

async function databaseTime({ config, offlineStore }: Session): Promise<(() => Promise<number>) | null> {
  if (config.databaseUrl === null) return null;
  const { pool } = await offlineStore();
  // a first statement, so that connecting is not measured
  await pool.query('select 1');
  return async () => {
    const { rows } = await pool.query<{ ms: number }>(
      'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
    );
    return rows[0]?.ms ?? Number.NaN;
  };
}

async function redisTime({ redis, config }: Session): Promise<(() => Promise<number>) | null> {
  if (config.redisUrl === null) return null;
  const connection = await redis();
  return async () => {
    const [seconds, micros] = await connection.time();
    return Number(seconds) * 1_000 + Number(micros) / 1_000;
  };
}
