import { setTimeout as delay } from 'node:timers/promises';
import { applyRelease } from '../deploy/deploy-project.ts';
import { startFleetLoad } from '../deploy/fleet-load.ts';
import { startFleet } from '../deploy/fleet.ts';
import { startDeployStack } from './deploy/deploy-stack.ts';
import type { Bench, BenchRow } from './row.ts';

const PROCESSES = 2;
const LOAD_MS = 30_000;
const LOAD = { callers: 4, pauseMs: 10, deadlineMs: 100 };

const bench: Bench = {
  name: 'rolling-deploy',
  what: `${(2 * LOAD_MS) / 1_000} s of load on ${PROCESSES} processes while a view and its model change version and every process is replaced: applied first, then last`,
  async run(progress) {
    const rows: BenchRow[] = [];
    for (const order of ['apply-first', 'apply-last'] as const) {
      const stack = await startDeployStack();
      try {
        rows.push(await measure(stack, order));
        progress(`${order}: ${rows.at(-1)?.note}`);
      } finally {
        await stack.close();
      }
    }
    return rows;
  },
};

export default bench;

async function measure(
  { stores, old, next }: Awaited<ReturnType<typeof startDeployStack>>,
  order: 'apply-first' | 'apply-last',
): Promise<BenchRow> {
  await applyRelease(old, stores);
  const fleet = await startFleet(PROCESSES, { release: old, stores });
  try {
    const load = startFleetLoad(fleet, LOAD);
    const loaded = delay(LOAD_MS);
    if (order === 'apply-first') await applyRelease(next, stores);
    await fleet.replace(next);
    if (order === 'apply-last') await applyRelease(next, stores);
    await loaded;
    const answers = await load.stop();
    const failed = answers.filter(({ error }) => error !== null);
    const late = answers.filter(({ latencyMs }) => latencyMs > LOAD.deadlineMs);
    const last = answers.slice(-PROCESSES).map(({ version }) => version);
    return {
      name: `rolling-deploy-${order}`,
      value: failed.length + late.length,
      unit: 'errors or late answers',
      floor: null,
      ratio: null,
      target: '0',
      ok: failed.length + late.length === 0 && last.every((version) => version === 2),
      note: `${answers.length} answers, ${failed.length} errors, ${late.length} after their deadline${failed[0] ? `, the first: ${failed[0].error}` : ''}; version ${last.join(' and ')} at the end`,
    };
  } finally {
    await fleet.close();
  }
}

if (import.meta.main) console.table(await bench.run((message) => console.error(message)));
