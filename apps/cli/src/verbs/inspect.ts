import type { Run } from '@larder/contracts';
import type { InspectedEntity } from '@larder/serving';
import { z } from 'zod';
import type { Control } from '../control/control.ts';
import { printInspection } from '../output/print-inspection.ts';
import { DONE } from '../problem.ts';
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
    const control = await session.control();
    const held = await (await control.entities()).inspect(entity, key);
    if (out.json) out.answer(held, () => {});
    else
      printInspection(held, { manifest: await control.manifest(), runs: await writers(control, held) }, out);
    return DONE;
  },
});

/** The runs that wrote the stored rows; a run that has been deleted is left out. */
async function writers(control: Control, held: InspectedEntity): Promise<Map<string, Run>> {
  const ids = new Set(held.views.flatMap(({ written_by: by }) => by?.run_id ?? []));
  if (ids.size === 0) return new Map();
  const runs = await control.runs();
  const found = await Promise.allSettled([...ids].map((id) => runs.get(id)));
  return new Map(
    found.flatMap((result) =>
      result.status === 'fulfilled' ? [[result.value.run_id, result.value] as const] : [],
    ),
  );
}
