import { isLarderError, type Logger } from '@larder/core';
import type { ReadyAnswer } from '@larder/contracts';
import type { ModelCatalog } from '../models/model-catalog.ts';

export interface ReadinessDeps {
  /** Rejects when Redis does not answer, or would evict features. */
  checkRedis(): Promise<unknown>;
  /** Rejects when PostgreSQL does not answer. */
  checkDatabase(): Promise<unknown>;
  readonly catalog: Pick<ModelCatalog, 'manifest' | 'mismatches' | 'unavailable'>;
  /** True from the first signal to stop. */
  closing(): boolean;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** @default 1 second */
  readonly pingTimeoutMs?: number;
}

/**
 * Ready: this process loaded what is applied once, can answer something, and is not closing. What it cannot answer at
 * the moment only degrades it: a store that is away is away for every process, and a balancer that took them all out
 * would turn defaults into an outage.
 */
export interface Readiness {
  /** Every check; names no path, host or address, as anyone may ask. */
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

interface Store {
  readonly name: string;
  ping(): Promise<unknown>;
  readonly advice: string;
}

/** Asks a store at most once at a time: probes of a hung one must not pile up in its connection pool. */
function storeCheck(deps: ReadinessDeps, { name, ping, advice }: Store): () => Promise<Check> {
  const { logger, pingTimeoutMs = 1_000 } = deps;
  let asked: Promise<string | null> | null = null;
  let known: string | null = null;

  const ask = async (): Promise<string | null> => {
    try {
      await ping();
      if (known !== null) logger.info({ check: name }, 'A store answers again');
      return (known = null);
    } catch (error) {
      // comes with the command that fixes it, and without an address
      const wrongPolicy = isLarderError(error) && error.code === 'REDIS_POLICY_WRONG';
      const detail = wrongPolicy ? error.message : advice;
      if (known !== detail) logger.warn({ err: error, check: name }, 'A store does not answer as it should');
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
    return blocking(name, "Nothing is applied, or it could not be read yet; run 'larder apply'.");
  const mismatches = catalog.mismatches();
  if (mismatches.length === 0) return fine(name);
  const differences = mismatches.map(({ detail }) => detail).join(' ');
  return degrading(name, `${differences} Restart with the applied code, or apply the loaded one.`);
}

function modelChecks(catalog: ReadinessDeps['catalog']): Check[] {
  return Object.keys(catalog.manifest()?.models ?? {}).map((model) => {
    const problem = catalog.unavailable().get(model);
    return problem === undefined ? fine(`model ${model}`) : degrading(`model ${model}`, problem.detail);
  });
}
