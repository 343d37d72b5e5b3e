import { systemClock, type Clock } from '@larder/core';
import type { Session } from '../session.ts';
import { fail, ok, warn, type Finding } from './check.ts';

/** Beyond this, freshness and lags are shown wrong. */
const WARN_MS = 1_000;
/** Beyond this, TTLs end early or late; from five minutes on, rows are refused because they are in the future. */
const FAIL_MS = 60_000;

/** Compares this machine's clock with those of PostgreSQL and Redis, if they answer; another check reports one that does not. */
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
  const detail = `the clock of ${store} is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`;
  if (Math.abs(aheadMs) <= WARN_MS)
    return ok(
      check,
      Math.abs(aheadMs) < 1
        ? 'agrees with this machine’s'
        : `within ${Math.ceil(Math.abs(aheadMs))} ms of ${store}'s`,
    );
  const mend = 'Synchronize both machines by NTP: sudo timedatectl set-ntp true';
  return Math.abs(aheadMs) <= FAIL_MS ? warn(check, detail, mend) : fail(check, detail, mend);
}

/** How far the other clock is ahead, in ms; a difference within the round-trip time counts as equal. */
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
  // A first statement, so that the time to connect is not measured.
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
