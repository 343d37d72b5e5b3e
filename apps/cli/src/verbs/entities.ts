import { z } from 'zod';
import type { Control } from '../control/control.ts';
import { positiveWhole } from '../input.ts';
import { DONE } from '../problem.ts';
import { defineVerb } from '../verb.ts';

const DEFAULT_LIMIT = 100;

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<entity>', 'entity, such as ad')
      .option('--view <view>', 'only entities that hold this view, such as ad_image or ad_image@1')
      .option('--limit <n>', `maximum number of keys [${DEFAULT_LIMIT}]`)
      .addHelpText(
        'after',
        `
Prints one key per line, in no particular order, using SCAN so that Redis is not blocked.

Example:
  larder entities ad --view ad_image --limit 10`,
      );
  },
  input: z.object({
    entity: z.string(),
    view: z.string().optional(),
    limit: positiveWhole.default(DEFAULT_LIMIT),
  }),
  async run({ out, control }, { entity, view, limit }) {
    const asked = await control();
    const { keys, complete } = await (await asked.entities()).keys(entity, { view, limit });
    const ref = view === undefined ? null : await refOf(asked, view);
    out.answer({ entity, view: ref, keys, complete }, () => {
      for (const key of keys) out.line(key);
      if (!complete) out.note(`There are more; the first ${limit} are shown (--limit).`);
      else if (keys.length === 0)
        out.note(
          `The online store holds nothing for ${entity}${ref === null ? '' : ` of ${ref}`}: larder backfill VIEW`,
        );
    });
    return DONE;
  },
});

/** With the version, as the answer names it. */
async function refOf({ manifest }: Control, name: string): Promise<string> {
  if (name.includes('@')) return name;
  const views = Object.values((await manifest()).feature_views);
  const newest = Math.max(...views.map((view) => (view.name === name ? view.version : 0)));
  return `${name}@${newest}`;
}
