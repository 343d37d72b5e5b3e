import { LarderError } from '@larder/core';
import { viewRef, type Manifest } from '@larder/features';
import { z } from 'zod';
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
  async run({ out, manifest, onlineStore }, { entity, view, limit }) {
    const applied = await manifest();
    if (!Object.hasOwn(applied.entities, entity)) {
      const names = Object.keys(applied.entities).join(', ') || 'none';
      throw new LarderError('ENTITY_NOT_FOUND', `There is no entity '${entity}'; there are: ${names}.`);
    }
    const ref = view === undefined ? undefined : refOf(applied, view);
    const store = await onlineStore();
    const keys = new Set<string>();
    let cursor: string | null = null;
    do {
      const page = await store.keys(entity, { cursor, limit, ...(ref !== undefined && { viewRef: ref }) });
      for (const key of page.keys) keys.add(key);
      ({ cursor } = page);
    } while (cursor !== null && keys.size < limit);
    const listed = [...keys].slice(0, limit);
    const complete = cursor === null && keys.size <= limit;
    out.answer({ entity, view: ref ?? null, keys: listed, complete }, () => {
      for (const key of listed) out.line(key);
      if (!complete) out.note(`There are more; the first ${limit} are shown (--limit).`);
      else if (listed.length === 0)
        out.note(
          `The online store holds nothing for ${entity}${ref ? ` of ${ref}` : ''}: larder backfill VIEW`,
        );
    });
    return DONE;
  },
});

/** @throws VIEW_NOT_FOUND */
function refOf(manifest: Manifest, name: string): string {
  const views = Object.values(manifest.feature_views).toSorted((a, b) => b.version - a.version);
  const found = views.find((view) => (name.includes('@') ? viewRef(view) === name : view.name === name));
  if (found !== undefined) return viewRef(found);
  throw new LarderError(
    'VIEW_NOT_FOUND',
    `There is no feature view '${name}'; there are: ${views.map(viewRef).join(', ') || 'none'}.`,
  );
}
