import { setTimeout as pause } from 'node:timers/promises';
import type { StatusAnswer } from '@larder/contracts';
import { z } from 'zod';
import { DONE, FAILED } from '../problem.ts';
import type { Session } from '../session.ts';
import { printStatus } from '../status/print-status.ts';
import { defineVerb } from '../verb.ts';

const WATCH_MS = 2_000;

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command.option('--watch', 'show it again every 2 seconds, until Ctrl-C').addHelpText(
      'after',
      `
What is stale, late, held, failing or away, since when, and the next command for each.
Exit code 0: nothing needs a person; 1: something does, or it cannot be told because PostgreSQL is away.

Examples:
  larder status
  larder status --json
  larder status --watch`,
    );
  },
  input: z.object({ watch: z.boolean().optional() }),
  async run(session, { watch = false }) {
    const { out, signal } = session;
    for (;;) {
      const status = await currentStatus(session);
      if (!watch) {
        out.answer(status, () => printStatus(status, out));
        return status.attention ? FAILED : DONE;
      }
      out.event(status, () => {
        if (out.interactive) process.stdout.write('\u001b[2J\u001b[H');
        printStatus(status, out);
      });
      await pause(WATCH_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return status.attention ? FAILED : DONE;
    }
  },
});

/** Asks each store by itself, so that one that is away does not hide the other. */
async function currentStatus({
  config,
  control,
  projectName,
  offlineStore,
  redis,
}: Session): Promise<StatusAnswer> {
  const { client } = await control();
  if (client !== null) return client.get<StatusAnswer>('/v1/status', { members: ['attention', 'problems'] });
  const [{ readStatus, statusJson }, { appliedManifest }, { checkRedisPolicy, holdsNoRows, redisMemory }] =
    await Promise.all([
      import('@larder/operations'),
      import('@larder/registry'),
      import('@larder/online-store'),
    ]);
  const project = await projectName();
  // Where no address is configured this throws: that nothing is known is not that nothing is wrong.
  const store = await offlineStore();
  const status = await readStatus({
    project,
    store,
    applied: async () => (await appliedManifest(store, project))?.manifest ?? null,
    checkRedis:
      config.redisUrl === null
        ? null
        : async () => checkRedisPolicy(await redis(), { timeoutMs: REDIS_TIMEOUT_MS }),
    ...(config.redisUrl !== null && {
      holdsNoRows: async (name, views) => holdsNoRows(await redis(), name, views),
      redisMemory: async () => redisMemory(await redis()),
    }),
  });
  return statusJson(status);
}

const REDIS_TIMEOUT_MS = 2_000;
