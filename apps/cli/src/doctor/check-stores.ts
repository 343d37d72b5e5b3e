import { canRewriteAudit, OLDEST_POSTGRES, pendingMigrations } from '@larder/offline-store';
import { isLarderError } from '@larder/core';
import {
  checkRedisPolicy,
  connectRedis,
  redisMemory,
  refusedCommand,
  waitForRedis,
} from '@larder/online-store';
import type { Session } from '../session.ts';
import { fail, finding, ok, warn, type Finding } from './check.ts';

const MIN_REDIS = 7;
const TIMEOUT_MS = 5_000;
const START = 'Run larder up, which starts one; or set';

export function checkDatabase({ config, offlineStore }: Session): Promise<Finding> {
  const check = 'database';
  const mend =
    'Start that PostgreSQL, fix the address (export LARDER_DATABASE_URL=postgresql://user:password@host:5432/database), or unset it: larder up starts one.';
  return finding(check, mend, async () => {
    if (config.databaseUrl === null)
      return warn(check, 'no address is configured and no stack runs here', `${START} LARDER_DATABASE_URL.`);
    const store = await offlineStore();
    const { rows } = await store.pool.query<{ server_version: string }>('show server_version');
    const version = rows[0]?.server_version ?? 'unknown';
    if (Number.parseInt(version, 10) < OLDEST_POSTGRES)
      return fail(check, `PostgreSQL ${version} is too old`, `Use PostgreSQL ${OLDEST_POSTGRES} or newer.`);
    const pending = await pendingMigrations(store);
    if (pending.length === 0) return ok(check, `PostgreSQL ${version}, migrated`);
    return warn(
      check,
      `PostgreSQL ${version} lacks the migrations ${pending.join(', ')}`,
      'Run: larder migrate',
    );
  });
}

/** Silent where there is no audit to look at; the check of the database says why. */
export async function checkAudit({ config, offlineStore }: Session): Promise<Finding[]> {
  if (config.databaseUrl === null) return [];
  try {
    const store = await offlineStore();
    if ((await pendingMigrations(store)).length > 0) return [];
    const check = 'audit';
    if (!(await canRewriteAudit(store)))
      return [ok(check, 'the login of LARDER_DATABASE_URL cannot change it')];
    const detail = 'whoever has the login of LARDER_DATABASE_URL could change or drop its entries';
    return config.stack === null && config.ownerDatabaseUrl === null
      ? [warn(check, detail, TWO_LOGINS)]
      : config.ownerDatabaseUrl === null
        ? [ok(check, `${detail}; use two logins where others depend on it`)]
        : [fail(check, detail, TWO_LOGINS)];
  } catch {
    return [];
  }
}

const TWO_LOGINS =
  'Give services and workers a login of their own (docs/guides/security.md, "Two logins"): run infra/postgresql/roles.sql in the database';

export async function checkRedis({ config }: Session): Promise<Finding[]> {
  const { redisUrl, queueRedisUrl } = config;
  const findings = [await checkOneRedis('redis', redisUrl, 'LARDER_REDIS_URL')];
  if (queueRedisUrl !== null && queueRedisUrl !== redisUrl)
    findings.push(await checkOneRedis('queue redis', queueRedisUrl, 'LARDER_QUEUE_REDIS_URL'));
  return findings;
}

function checkOneRedis(check: string, url: string | null, setting: string): Promise<Finding> {
  const mend = `Start that Redis (docker run -d -p 6379:6379 redis:8 redis-server --maxmemory-policy noeviction), fix ${setting}, or unset it: larder up starts one.`;
  return finding(check, mend, async () => {
    if (url === null)
      return warn(check, 'no address is configured and no stack runs here', `${START} ${setting}.`);
    const redis = connectRedis(url, { role: 'tool' });
    try {
      await waitForRedis(redis, TIMEOUT_MS);
      const info = await redis.info('server');
      const version = /^(?:valkey|redis)_version:(\S+)/m.exec(info)?.[1] ?? 'unknown';
      if (Number.parseInt(version, 10) < MIN_REDIS)
        return fail(check, `Redis ${version} is too old`, `Use Redis ${MIN_REDIS} or newer, or Valkey.`);
      await checkRedisPolicy(redis, { timeoutMs: TIMEOUT_MS, url });
      const { fullRedis } = await import('@larder/operations');
      const [full] = fullRedis(await redisMemory(redis));
      if (full === undefined) return ok(check, `Redis ${version}, maxmemory-policy noeviction`);
      return (full.severity === 'act' ? fail : warn)(check, full.detail, `${full.next}.`);
    } catch (error) {
      const refused = error instanceof Error ? (refusedCommand(error) ?? error) : error;
      if (!isLarderError(refused)) throw error;
      if (refused.code === 'REDIS_COMMAND_REFUSED') {
        const [what = '', rule = ''] = refused.message.split('. Give it ');
        return fail(check, `${refused.code}: ${what}.`, `Give its user ${rule}`);
      }
      if (refused.code !== 'REDIS_POLICY_WRONG') throw refused;
      const [what = '', run = ''] = refused.message.split('. Run: ');
      return fail(check, `${refused.code}: ${what}.`, `Run: ${run}`);
    } finally {
      redis.disconnect();
    }
  });
}
