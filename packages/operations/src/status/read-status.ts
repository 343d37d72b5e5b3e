import { isLarderError } from '@larder/core';
import type { Manifest } from '@larder/features';
import { readPressure, type Pressure } from '@larder/materialization/pressure';
import { pendingMigrations, withinDeadline, type OfflineStore } from '@larder/offline-store';
import { openIncidents } from '../incidents/open-incidents.ts';
import { emptiedRedis } from './emptied-redis.ts';
import { fullRedis } from './full-redis.ts';
import { postgresStanding, type PostgresStanding } from './postgres-standing.ts';
import type { Problem } from './problem.ts';
import type { RedisFacts } from './redis-facts.ts';

export interface StoreStanding {
  readonly state: 'ok' | 'slow' | 'away' | 'not_configured';
  /** Null: no answer. */
  readonly answeredInMs: number | null;
}

export interface Status {
  readonly project: string;
  readonly at: Date;
  readonly database: StoreStanding;
  readonly redis: StoreStanding;
  /** Null: PostgreSQL cannot be asked, or nothing is applied. */
  readonly standing: PostgresStanding | null;
  /** What waits for the workers; null: it could not be read in time. */
  readonly pressure: Pressure | null;
  /** Those that need a person first, then the oldest first. */
  readonly problems: readonly Problem[];
}

export interface StatusDeps extends RedisFacts {
  readonly project: string;
  /** Null: no address is configured. */
  readonly store: OfflineStore | null;
  /** The applied manifest as PostgreSQL has it; null: nothing is applied. */
  readonly applied: () => Promise<Manifest | null>;
  /** Resolves when Redis answers and can be used; null: no address is configured. */
  readonly checkRedis: (() => Promise<unknown>) | null;
  /** @default 2500 */
  readonly deadlineMs?: number;
}

const SLOW_MS = 500;

/** How a project does, whatever is away: it says so and answers in the deadline. */
export async function readStatus(deps: StatusDeps): Promise<Status> {
  const { project, store, checkRedis, deadlineMs = 2_500 } = deps;
  const [database, redis] = await Promise.all([
    store === null ? NOT_CONFIGURED : timed(() => store.pool.query('select 1'), deadlineMs),
    checkRedis === null ? NOT_CONFIGURED : timed(checkRedis, deadlineMs),
  ]);
  const problems: Problem[] = [...databaseProblems(database), ...redisProblems(redis)];
  if (deps.redisMemory !== undefined && redis.state !== 'away')
    problems.push(
      ...(await withinDeadline(deps.redisMemory(), deadlineMs).then(fullRedis).catch(nothingIfRedis)),
    );
  let standing: PostgresStanding | null = null;
  let pressure: Pressure | null = null;
  if (store !== null && database.state !== 'away') {
    try {
      const known = await withinDeadline(ask(store, deps, redis), deadlineMs);
      standing = known.standing;
      if (standing !== null)
        pressure = await withinDeadline(readPressure(store, project), deadlineMs).catch(() => null);
      problems.push(...known.problems);
    } catch (error) {
      problems.push({
        ...DATABASE,
        kind: 'database_slow',
        severity: 'act',
        detail: `its tables could not be read: ${withoutStop(error instanceof Error ? error.message : String(error))}`,
      });
    }
  }
  const { state, answeredInMs } = database;
  return {
    project,
    at: new Date(),
    database: { state, answeredInMs },
    redis: { state: redis.state, answeredInMs: redis.answeredInMs },
    standing,
    pressure,
    problems: problems.toSorted(bySeverityAndAge),
  };
}

async function ask(
  store: OfflineStore,
  { project, applied, holdsNoRows }: StatusDeps,
  redis: StoreStanding,
): Promise<Pick<Status, 'standing' | 'problems'>> {
  if ((await pendingMigrations(store)).length > 0)
    return {
      standing: null,
      problems: [
        {
          ...DATABASE,
          kind: 'database_not_migrated',
          severity: 'act',
          detail: 'it is not migrated to this release',
          next: 'larder apply',
        },
      ],
    };
  const manifest = await applied();
  if (manifest === null)
    return {
      standing: null,
      problems: [
        {
          kind: 'not_applied',
          severity: 'note',
          subject: project,
          since: null,
          detail: 'nothing is applied',
          next: 'larder apply',
        },
      ],
    };
  const standing = await postgresStanding(store, manifest);
  // Redis may go away at this moment; the next look says so.
  const emptied =
    holdsNoRows === undefined || redis.state === 'away'
      ? []
      : await emptiedRedis(store, manifest, holdsNoRows).catch(nothingIfRedis);
  const known = await openIncidents(store, project);
  const dated = (problem: Problem): Problem =>
    problem.since === null
      ? { ...problem, since: known.get(`${problem.kind} ${problem.subject}`) ?? null }
      : problem;
  const problems = [...emptied, ...standing.problems].map(dated);
  return { standing, problems };
}

function nothingIfRedis(error: unknown): Problem[] {
  if (isLarderError(error) && error.code === 'ONLINE_STORE_UNAVAILABLE') return [];
  throw error;
}

const NOT_CONFIGURED = { state: 'not_configured', answeredInMs: null, reason: '' } as const;

async function timed(
  work: () => Promise<unknown>,
  deadlineMs: number,
): Promise<StoreStanding & { readonly reason: string }> {
  const startedMs = performance.now();
  try {
    await withinDeadline(work(), deadlineMs);
  } catch (error) {
    const reason =
      isLarderError(error) && error.code !== 'DATABASE_UNAVAILABLE' ? withoutStop(error.message) : '';
    return { state: 'away', answeredInMs: null, reason };
  }
  const answeredInMs = Math.round(performance.now() - startedMs);
  return { state: answeredInMs > SLOW_MS ? 'slow' : 'ok', answeredInMs, reason: '' };
}

const DATABASE = { subject: 'PostgreSQL', since: null, next: 'larder doctor' } as const;

function databaseProblems({ state, answeredInMs }: StoreStanding): Problem[] {
  switch (state) {
    case 'away':
      return [
        {
          ...DATABASE,
          kind: 'database_away',
          severity: 'act',
          detail:
            'it does not answer: no run goes on, predictions continue without their log, and nothing more is known here',
        },
      ];
    case 'slow':
      return [
        {
          ...DATABASE,
          kind: 'database_slow',
          severity: 'note',
          detail: `it took ${answeredInMs} ms to answer`,
        },
      ];
    default:
      return [];
  }
}

function redisProblems({ state, reason }: StoreStanding & { readonly reason: string }): Problem[] {
  if (state !== 'away') return [];
  return [
    {
      kind: 'redis_away',
      severity: 'act',
      subject: 'Redis',
      since: null,
      detail:
        reason || 'it does not answer: models answer from their defaults or refuse, and no rows land online',
      next: 'larder doctor',
    },
  ];
}

function bySeverityAndAge(one: Problem, other: Problem): number {
  if (one.severity !== other.severity) return one.severity === 'act' ? -1 : 1;
  return (one.since?.getTime() ?? 0) - (other.since?.getTime() ?? 0);
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}
