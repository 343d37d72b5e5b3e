import { isLarderError, type Logger } from '@larder/core';
import type { ReadyAnswer } from '@larder/contracts';
import type { ModelCatalog } from '../models/model-catalog.ts';

export interface ReadinessDeps {
  /** Rejects when Redis does not answer, or would evict features. */
  checkRedis(): Promise<unknown>;
  /** Rejects when PostgreSQL does not answer. */
  checkDatabase(): Promise<unknown>;
  readonly catalog: Pick<ModelCatalog, 'manifest' | 'mismatches' | 'problems'>;
  /** True from the first signal to stop. */
  closing(): boolean;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** @default 1 second */
  readonly pingTimeoutMs?: number;
}

/**
 * Ready: this process has loaded the applied definitions once, can answer something, and is not closing. What it cannot
 * answer at the moment only degrades it: a store that is down is down for every process, and a load balancer that
 * removed them all would turn answers from defaults into an outage.
 */
export interface Readiness {
  /** Results of all checks, without paths, hosts or addresses: the route is public. */
  check(): Promise<ReadyAnswer>;
}

type Check = ReadyAnswer['checks'][number];

export function createReadiness(deps: ReadinessDeps): Readiness {
  const { catalog, closing } = deps;
  const redis = storeCheck(deps, {
    name: 'redis',
    ping: deps.checkRedis,
    advice: 'Redis does not answer; check that it runs, and LARDER_REDIS_URL.',
  });
  const database = storeCheck(deps, {
    name: 'postgresql',
    ping: deps.checkDatabase,
    advice: 'PostgreSQL does not answer; check that it runs, and LARDER_DATABASE_URL.',
  });
  return {
    async check() {
      const stores = await Promise.all([redis(), database()]);
      const checks = [...stores, definitionsCheck(catalog), ...modelChecks(catalog)];
      if (closing()) checks.push(blocking('process', 'is shutting down'));
      return {
        status: checks.every(({ ready }) => ready) ? 'ready' : 'not_ready',
        degraded: checks.some(({ degraded }) => degraded),
        checks,
      };
    },
  };
}

const fine = (name: string): Check => ({ name, ready: true, degraded: false });
const degrading = (name: string, detail: string): Check => ({ name, ready: true, degraded: true, detail });
const blocking = (name: string, detail: string): Check => ({ name, ready: false, degraded: true, detail });

/** Errors whose message says what fixes them, and has no address. */
const TELLING: ReadonlySet<string> = new Set(['REDIS_POLICY_WRONG', 'REDIS_COMMAND_REFUSED']);

interface Store {
  readonly name: string;
  ping(): Promise<unknown>;
  readonly advice: string;
}

/** Runs at most one check of a store at a time: probes of a hung store must not pile up in its connection pool. */
function storeCheck(deps: ReadinessDeps, { name, ping, advice }: Store): () => Promise<Check> {
  const { logger, pingTimeoutMs = 1_000 } = deps;
  let asked: Promise<string | null> | null = null;
  let known: string | null = null;

  const ask = async (): Promise<string | null> => {
    try {
      await ping();
      if (known !== null) logger.info({ check: name }, 'A store is available again');
      return (known = null);
    } catch (error) {
      const detail = isLarderError(error) && TELLING.has(error.code) ? error.message : advice;
      if (known !== detail) logger.warn({ err: error, check: name }, 'A store is not available');
      return (known = detail);
    } finally {
      asked = null;
    }
  };
  return async () => {
    asked ??= ask();
    const late = Promise.withResolvers<string>();
    const timer = setTimeout(() => late.resolve(advice), pingTimeoutMs);
    const detail = await Promise.race([asked, late.promise]);
    clearTimeout(timer);
    return detail === null ? fine(name) : degrading(name, detail);
  };
}

function definitionsCheck(catalog: ReadinessDeps['catalog']): Check {
  const name = 'definitions';
  if (catalog.manifest() === null)
    return blocking(
      name,
      "Nothing is applied, or the applied definitions could not be read yet; run 'larder apply'.",
    );
  const mismatches = catalog.mismatches();
  if (mismatches.length === 0) return fine(name);
  const differences = mismatches.map(({ detail }) => detail).join(' ');
  return { ...fine(name), detail: `${differences} Predictions do not need the loaded code.` };
}

function modelChecks(catalog: ReadinessDeps['catalog']): Check[] {
  const problems = catalog.problems();
  return Object.keys(catalog.manifest()?.models ?? {}).map((model) => {
    const problem = problems.get(model);
    return problem === undefined ? fine(`model ${model}`) : degrading(`model ${model}`, problem.detail);
  });
}
