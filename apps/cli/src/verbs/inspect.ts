import { systemClock } from '@larder/core';
import { getRun, type RunSummary } from '@larder/materialization/runs';
import { inspectEntity, type InspectedEntity } from '@larder/serving';
import { z } from 'zod';
import { printInspection } from '../output/print-inspection.ts';
import { DONE } from '../problem.ts';
import type { Session } from '../session.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<entity>', 'entity, such as ad')
      .argument(
        '[key]',
        "its key, such as ad-42; join the parts of a composite key with '|'; none for an entity without join keys",
      )
      .addHelpText(
        'after',
        `
Shows for each view: status, age, times, TTL left, the run and chunk that wrote it, size and every
value. For a view without a row it says why where that is known: the last failure of the key with its
run and whether a retry can help, a run that did not include it, or a row that expired. Without
PostgreSQL, only the facts from history are missing. With --json, prints the answer of
GET /v1/entities/ENTITY/KEY.

Example:
  larder inspect ad ad-42`,
      );
  },
  input: z.object({ entity: z.string(), key: z.string().default('') }),
  async run(session, { entity, key }) {
    const { out } = session;
    const manifest = await session.manifest();
    const onlineStore = await session.onlineStore();
    const offlineStore =
      session.config.databaseUrl === null ? unconfiguredHistory : await session.offlineStore();
    const deps = { onlineStore, offlineStore, manifest, clock: systemClock };
    const held = await inspectEntity(deps, entity, key);
    const runs = out.json ? new Map<string, RunSummary>() : await writers(session, held);
    out.answer(held, () => printInspection(held, { manifest, runs }, out));
    return DONE;
  },
});

/** The runs that wrote the stored rows; a run that has been deleted is left out. */
async function writers(session: Session, held: InspectedEntity): Promise<Map<string, RunSummary>> {
  const ids = new Set(held.views.flatMap(({ written_by: by }) => by?.run_id ?? []));
  if (ids.size === 0) return new Map();
  const store = await session.offlineStore();
  const name = await session.projectName();
  const found = await Promise.allSettled([...ids].map((id) => getRun(store, name, id)));
  return new Map(
    found.flatMap((result) =>
      result.status === 'fulfilled' ? [[result.value.runId, result.value] as const] : [],
    ),
  );
}

/** Redis can be shown without a database; each query of history then fails as if the database were unavailable. */
const unconfiguredHistory = {
  get db(): never {
    throw new Error('No database is configured.');
  },
};
