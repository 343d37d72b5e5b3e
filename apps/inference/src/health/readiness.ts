import { isLarderError } from '@larder/core';
import type { ReadyAnswer } from '@larder/contracts';
import type { ModelCatalog } from '../models/model-catalog.ts';

export interface ReadinessDeps {
  /** Rejects when Redis does not answer, or would evict features. */
  checkRedis(): Promise<unknown>;
  /** Rejects when PostgreSQL does not answer. */
  checkDatabase(): Promise<unknown>;
  readonly catalog: ModelCatalog;
  /** True from the first signal to stop. */
  closing(): boolean;
}

type Check = ReadyAnswer['checks'][number];

const PING_TIMEOUT_MS = 1_000;

/** Whether this process may get traffic, and everything that is in the way. */
export async function readiness(deps: ReadinessDeps): Promise<ReadyAnswer> {
  const [redis, database] = await Promise.all([
    storeCheck('redis', deps.checkRedis(), 'Check that Redis runs, and LARDER_REDIS_URL.'),
    storeCheck(
      'postgresql',
      deps.checkDatabase(),
      'PostgreSQL does not answer; check that it runs, and LARDER_DATABASE_URL.',
    ),
  ]);
  const checks = [redis, database, definitionsCheck(deps.catalog), ...modelChecks(deps.catalog)];
  if (deps.closing()) checks.push({ name: 'process', ready: false, detail: 'is shutting down' });
  return { status: checks.every(({ ready }) => ready) ? 'ready' : 'not_ready', checks };
}

async function storeCheck(name: string, ping: Promise<unknown>, advice: string): Promise<Check> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve(advice), PING_TIMEOUT_MS);
  // our own errors say more than the advice: a wrong policy comes with the command that mends it
  const asked = ping.then(
    () => null,
    (error: unknown) => (isLarderError(error) ? `${error.message} ${advice}` : advice),
  );
  const detail = await Promise.race([asked, late.promise]);
  clearTimeout(timer);
  return detail === null ? { name, ready: true } : { name, ready: false, detail };
}

function definitionsCheck(catalog: ModelCatalog): Check {
  const name = 'definitions';
  if (catalog.manifest() === null)
    return {
      name,
      ready: false,
      detail: "nothing is applied, or it could not be read yet; run 'larder apply'",
    };
  const mismatches = catalog.mismatches();
  if (mismatches.length === 0) return { name, ready: true };
  const detail = `${mismatches.map((mismatch) => mismatch.detail).join(' ')} Restart with the applied code, or apply the loaded one.`;
  return { name, ready: false, detail };
}

function modelChecks(catalog: ModelCatalog): Check[] {
  return Object.keys(catalog.manifest()?.models ?? {}).map((model) => {
    const problem = catalog.unavailable().get(model);
    const name = `model ${model}`;
    return problem === undefined ? { name, ready: true } : { name, ready: false, detail: problem.detail };
  });
}
