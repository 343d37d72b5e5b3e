import { systemClock } from '@larder/core';
import { openModelDefinitions } from '@larder/registry';
import {
  comparableViews,
  compareHistory,
  comparePredictions,
  type ComparedPredictions,
} from '@larder/training';
import { z } from 'zod';
import { actor } from '../actor.ts';
import { printComparison } from '../compare/print-comparison.ts';
import { positiveWhole } from '../input.ts';
import { DONE } from '../problem.ts';
import type { Session } from '../session.ts';
import { buildProgress } from '../training-set/build-progress.ts';
import { modelOf } from '../training-set/build-input.ts';
import { defineVerb } from '../verb.ts';

const DEFAULT_LIMIT = 2_000;
const MAX_LIMIT = 100_000;
const DEFAULT_TOLERANCE = 0.01;
const REF = /^[a-z][a-z0-9_]{0,39}@[1-9]\d{0,8}$/;

const refInput = z.string().regex(REF, 'must be a view with its version, such as ad_image@2');
const TOLERANCE = 'must be a number from 0';

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<before>', 'a view version: ad_image@1')
      .argument('<after>', 'the version that would take its place: ad_image@2')
      .option('--model <model>', 'its predictions with either version: ad_ctr (its champion) or ad_ctr@2')
      .option('--limit <n>', `with --model: the newest logged predictions, at most [${DEFAULT_LIMIT}]`)
      .option('--tolerance <n>', `with --model: a prediction may move by so much [${DEFAULT_TOLERANCE}]`)
      .addHelpText(
        'after',
        `
Compares the newest row of every key: which keys each version has, how the values of each feature are distributed, and
how many differ. With --model, logged requests are scored again by the model's own artifact, with the features as they were
known at the time of each: once as it reads them now, once with the other version of the view. Nothing is served or changed.

Examples:
  larder compare ad_image@1 ad_image@2
  larder compare ad_image@1 ad_image@2 --model ad_ctr --limit 10000`,
      );
  },
  input: z.object({
    before: refInput,
    after: refInput,
    model: z.string().optional(),
    limit: positiveWhole
      .pipe(z.number().max(MAX_LIMIT, `must be at most ${MAX_LIMIT}`))
      .default(DEFAULT_LIMIT),
    tolerance: z.coerce.number(TOLERANCE).min(0, TOLERANCE).default(DEFAULT_TOLERANCE),
  }),
  async run(session, { before, after, model, limit, tolerance }) {
    const { out } = session;
    const manifest = await session.manifest();
    const views = comparableViews(manifest, [before, after]);
    const store = await session.offlineStore();
    const history = await compareHistory(store, manifest, views);
    const predictions =
      model === undefined ? null : await compareModel(session, { views, model, limit, tolerance });
    const { added, removed, retyped } = views;
    const compared = { before, after, ...history, added, removed, retyped, predictions };
    out.answer(compared, () => printComparison(compared, out));
    return DONE;
  },
});

interface Asked {
  readonly views: ReturnType<typeof comparableViews>;
  readonly model: string;
  readonly limit: number;
  readonly tolerance: number;
}

async function compareModel(
  session: Session,
  { views, model: text, limit, tolerance }: Asked,
): Promise<ComparedPredictions> {
  const project = await session.projectName();
  const [store, artifacts] = [await session.offlineStore(), await session.artifacts()];
  const { model, version } = modelOf(text);
  const definitions = await openModelDefinitions({ store, artifacts }, { project, model, version });
  const folder = await artifacts.folder(definitions.manifest.models[model]?.artifact.sha256 ?? '');
  const progress = buildProgress(session.out);
  try {
    return await comparePredictions(
      { store, definitions, connections: {}, actor: actor(), clock: systemClock },
      views,
      {
        model: { name: model, version: definitions.version, folder },
        limit,
        tolerance,
        signal: session.signal,
        onProgress: (now) => progress.update(now),
      },
    );
  } finally {
    progress.stop();
  }
}
