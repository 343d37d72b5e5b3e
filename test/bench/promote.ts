import { setTimeout as delay } from 'node:timers/promises';
import { awaitInForce, moveAlias, rollback, type AliasMove } from '@larder/registry';
import { applyRelease, openStore } from '../deploy/deploy-project.ts';
import { startFleetLoad, type Answered } from '../deploy/fleet-load.ts';
import { startFleet } from '../deploy/fleet.ts';
import { startDeployStack } from './deploy/deploy-stack.ts';
import { median, type Bench, type BenchRow } from './row.ts';

const PROCESSES = 2;
const ROUNDS = 5;
const QUIET_MS = 5_000;
const LIMIT_MS = 2_000;
const LOAD = { callers: 4, pauseMs: 10, deadlineMs: 100 };
const CHAMPION = { project: 'deployed', model: 'ad_ctr', alias: 'champion', actor: 'bench', reason: 'bench' };

const bench: Bench = {
  name: 'promote',
  what: `${ROUNDS} promotes and rollbacks under load on ${PROCESSES} processes: time until every process answers with the version, and the latencies meanwhile`,
  async run(progress) {
    const stack = await startDeployStack();
    const store = openStore(stack.stores.databaseUrl);
    try {
      await applyRelease(stack.old, stack.stores);
      const fleet = await startFleet(PROCESSES, { release: stack.old, stores: stack.stores });
      try {
        const load = startFleetLoad(fleet, LOAD);
        const times: number[] = [];
        const take = async (move: () => Promise<AliasMove>): Promise<AliasMove> => {
          const startedAtMs = performance.now();
          const made = await move();
          await awaitInForce(store, { ...CHAMPION, moveId: made.moveId, timeoutMs: 30_000 });
          times.push(performance.now() - startedAtMs);
          progress(`version ${made.toVersion} in force after ${Math.round(times.at(-1) ?? 0)} ms`);
          return made;
        };
        const promote = async (toVersion: number) =>
          (await moveAlias(store, { ...CHAMPION, toVersion, acceptIncomplete: true })).move;
        await take(() => promote(1));
        await delay(1_000);
        const quietFromMs = performance.now();
        await delay(QUIET_MS);
        const busyFromMs = performance.now();
        await applyRelease(stack.next, stack.stores);
        times.length = 0;
        for (let round = 0; round < ROUNDS; round++) {
          const { moveId } = await take(() => promote(2));
          await take(() => rollback(store, { ...CHAMPION, expectedMoveId: moveId }));
          await store.pool.query(
            `insert into larder.model_version_marks (project, model, version, mark, actor, reason)
             values ('deployed', 'ad_ctr', 2, 'good', 'bench', 'bench')`,
          );
        }
        const answers = await load.stop();
        return rows(times, {
          quiet: answers.filter(({ sentAtMs }) => sentAtMs >= quietFromMs && sentAtMs < busyFromMs),
          busy: answers.filter(({ sentAtMs }) => sentAtMs >= busyFromMs),
        });
      } finally {
        await fleet.close();
      }
    } finally {
      await store.close();
      await stack.close();
    }
  },
};

export default bench;

interface Phases {
  readonly quiet: readonly Answered[];
  readonly busy: readonly Answered[];
}

function rows(times: readonly number[], { quiet, busy }: Phases): BenchRow[] {
  const [value, floor] = [p99(busy), p99(quiet)];
  const failed = busy.filter(({ error }) => error !== null).length;
  const late = busy.filter(({ latencyMs }) => latencyMs > LOAD.deadlineMs).length;
  const absolute = { floor: null, ratio: null };
  return [
    {
      name: 'promote',
      value: Math.max(...times),
      unit: 'ms until every process answers, the slowest',
      ...absolute,
      target: `≤ ${LIMIT_MS}`,
      ok: Math.max(...times) <= LIMIT_MS,
      note: `median ${Math.round(median(times))} ms`,
    },
    {
      name: 'promote-p99',
      value,
      unit: 'ms',
      floor,
      ratio: value / floor,
      target: '≤ 2 × quiet',
      ok: value <= 2 * floor,
    },
    {
      name: 'promote-failed',
      value: failed + late,
      unit: 'errors or late answers',
      ...absolute,
      target: '0',
      ok: failed + late === 0,
      note: `${busy.length} answers`,
    },
  ];
}

function p99(answers: readonly Answered[]): number {
  const sorted = answers.map(({ latencyMs }) => latencyMs).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}

if (import.meta.main) console.table(await bench.run((message) => console.error(message)));
