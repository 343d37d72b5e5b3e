import { readFile } from 'node:fs/promises';
import { LarderError, systemClock } from '@larder/core';
import { loadedFunctions } from '@larder/features';
import { openAppliedDefinitions, openModelDefinitions, type OpenedDefinitions } from '@larder/registry';
import {
  buildAgain,
  buildTrainingSet,
  featuresOf as requestedAgain,
  listTrainingSets,
  readTrainingSet,
  trainingSetJson,
  trainingSetManifest,
  unknownViews,
  type RequestedFeatures,
  type SpineSource,
  type TrainingSetManifest,
} from '@larder/training';
import { z } from 'zod';
import { actor } from '../actor.ts';
import { positiveWhole } from '../input.ts';
import { DONE, FAILED } from '../problem.ts';
import type { Session } from '../session.ts';
import {
  buildInput,
  featuresOf,
  modelOf,
  spineOf,
  splitOf,
  type BuildInput,
} from '../training-set/build-input.ts';
import { printManifest, printTrainingSets } from '../training-set/print-training-set.ts';
import { buildProgress } from '../training-set/build-progress.ts';
import { unknownRemark } from '../training-set/unknown-remark.ts';
import { defineVerb, wrongUsage } from '../verb.ts';

const DEFAULT_LIMIT = 20;

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<action>', 'build, list or show')
      .argument('[id]', 'with show: id of a training set')
      .option('--model <model>', 'the features of a model: ad_ctr (its champion) or ad_ctr@2')
      .option('--features <list>', 'features, such as ad_image,ad_stats:clicks_7d,ad_text@2:has_price')
      .option('--spine <file>', 'rows: join keys, a time, request fields, labels; .parquet, .csv or .arrows')
      .option('--sql <query>', 'rows from a query; needs --connection')
      .option('--connection <name>', 'connection of the project for --sql')
      .option('--predictions <model>', 'rows from logged predictions: ad_ctr or ad_ctr@2')
      .option('--label <name>', 'with --predictions: only those with this label, as a column')
      .option('--from <instant>', 'with --predictions, or the manifest of a set to build again')
      .option('--to <instant>', 'with --predictions: only those before this')
      .option('--time <column>', 'column with the time of each row [event_timestamp]')
      .option('--as-served', 'only what the online store had at the time of each row')
      .option('--engine <engine>', 'auto, postgresql or duckdb [auto]')
      .option('--split <split>', 'time:0.8,0.1,0.1 or group:COLUMN:0.8,0.2')
      .option('--format <format>', 'parquet or csv [parquet]')
      .option('--out <folder>', 'where to write; it must not exist or be empty')
      .option('--limit <n>', `with list: maximum number of sets [${DEFAULT_LIMIT}]`)
      .addHelpText(
        'after',
        `
Builds a training set: each row gets the values of its features as they were known at its time, with
the declared defaults, and on-demand features by the same functions that answer predictions. Beside
the rows lies manifest.json, from which the same rows can be built again.

Examples:
  larder training-set build --model ad_ctr --spine clicks.csv --split time:0.8,0.1,0.1 --out sets/clicks
  larder training-set build --features ad_image,ad_stats:clicks_7d --sql 'select * from clicks' --connection ads --out sets/a
  larder training-set build --model ad_ctr --predictions ad_ctr --label clicked --out sets/b
  larder training-set build --from sets/clicks/manifest.json --out sets/again
  larder training-set list
  larder training-set show 019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071`,
      );
  },
  input: buildInput.extend({
    action: z.enum(['build', 'list', 'show'], 'must be build, list or show'),
    id: z.string().optional(),
    limit: positiveWhole.default(DEFAULT_LIMIT),
  }),
  async run(session, { action, id, limit, ...typed }) {
    if ((action === 'show') !== (id !== undefined))
      throw wrongUsage('training-set', [
        { pointer: 'ID', detail: action === 'show' ? 'is missing' : `has no meaning with ${action}` },
      ]);
    if (action === 'build') return build(session, typed);
    return action === 'list' ? list(session, { limit, model: typed.model }) : show(session, id as string);
  },
});

async function build(session: Session, typed: BuildInput): Promise<number> {
  const { out, signal } = session;
  const { out: folder } = typed;
  if (folder === undefined) throw wrongUsage('training-set', [{ pointer: '--out', detail: 'is missing' }]);
  const again =
    typed.from !== undefined && typed.predictions === undefined ? await readManifest(typed.from) : null;
  const spine = again === null || typed.spine !== undefined ? spineOf(typed) : undefined;
  const split = splitOf(typed.split);
  const { features, definitions } = await resolved(
    session,
    again === null ? featuresOf(typed) : requestedAgain(again),
  );
  const progress = buildProgress(out);
  const options = { onProgress: progress.update, signal };
  try {
    const deps = {
      store: await session.offlineStore(),
      definitions,
      connections: session.config.connections,
      archiveFolder: session.config.archiveDir,
      actor: actor(),
      clock: systemClock,
    };
    const manifest =
      again !== null
        ? await buildAgain(deps, { manifest: again, folder, spine, engine: typed.engine }, options)
        : await buildTrainingSet(
            deps,
            {
              features,
              spine: spine as SpineSource,
              timeColumn: typed.time,
              cutOff: typed.asServed ? 'online' : 'created',
              engine: typed.engine,
              split,
              format: typed.format,
              folder,
            },
            options,
          );
    progress.stop();
    out.answer(manifest, () => printManifest(manifest, { folder, out }));
    for (const view of await unknownViews(deps.store, definitions.manifest, manifest))
      out.note(unknownRemark(view, manifest));
    return DONE;
  } finally {
    progress.stop();
  }
}

async function resolved(
  session: Session,
  asked: ReturnType<typeof featuresOf> | RequestedFeatures,
): Promise<{ readonly features: RequestedFeatures; readonly definitions: OpenedDefinitions }> {
  const project = await session.projectName();
  const deps = { store: await session.offlineStore(), artifacts: await session.artifacts() };
  if ('kind' in asked && asked.kind === 'list')
    return {
      features: asked,
      definitions: await openAppliedDefinitions(deps, { project, loaded: await loaded(session) }),
    };
  const { model, version } =
    'kind' in asked ? { model: asked.model, version: String(asked.version) } : modelOf(asked.model);
  const definitions = await openModelDefinitions(deps, { project, model, version });
  return { features: { kind: 'model', model, version: definitions.version }, definitions };
}

async function readManifest(path: string): Promise<TrainingSetManifest> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw wrongUsage('training-set', [
      { pointer: '--from', detail: `cannot be read: ${error.code}; name the manifest.json of a set` },
    ]);
  });
  const parsed = trainingSetManifest.safeParse(parsedJson(text));
  if (!parsed.success)
    throw new LarderError(
      'REQUEST_INVALID',
      `${path} is not the manifest of a training set: ${parsed.error.issues[0]?.path.join('/') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`,
    );
  return parsed.data;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** For on-demand views that no model reads; undefined where the project is not here. */
async function loaded(session: Session): Promise<OpenedDefinitions | undefined> {
  try {
    const project = await session.project();
    return { manifest: project.manifest, functionOf: loadedFunctions(project) };
  } catch {
    return undefined;
  }
}

async function list(
  session: Session,
  options: { readonly limit: number; readonly model: string | undefined },
): Promise<number> {
  const { out } = session;
  const project = await session.projectName();
  const { trainingSets, cursor } = await listTrainingSets(await session.offlineStore(), project, options);
  out.answer({ training_sets: trainingSets.map(trainingSetJson), complete: cursor === null }, () =>
    printTrainingSets(trainingSets, { complete: cursor === null, out }),
  );
  return DONE;
}

async function show(session: Session, id: string): Promise<number> {
  const { out } = session;
  const set = await readTrainingSet(await session.offlineStore(), await session.projectName(), id);
  out.answer({ ...trainingSetJson(set), statistics: set.statistics }, () => {
    if (set.manifest !== null) printManifest(set.manifest, { folder: `${set.host}:${set.folder}`, out });
    else out.line(`Training set ${id} is ${set.status}. ${set.error?.reason ?? ''}`);
  });
  return set.status === 'failed' ? FAILED : DONE;
}
