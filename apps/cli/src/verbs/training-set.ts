import { readFile } from 'node:fs/promises';
import { LarderError } from '@larder/core';
import type { SpineSource, TrainingSetManifest } from '@larder/training';
import { z } from 'zod';
import type { BuildingSet, BuiltSet } from '../control/control.ts';
import { positiveWhole } from '../input.ts';
import { DONE, FAILED } from '../problem.ts';
import type { Session } from '../session.ts';
import { buildInput, featuresOf, spineOf, splitOf, type BuildInput } from '../training-set/build-input.ts';
import { placeOf, printManifest, printTrainingSets } from '../training-set/print-training-set.ts';
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
the rows lies manifest.json, from which the same rows can be built again. With LARDER_URL the service
builds: --spine is a file of this machine, which is sent, and --out a folder of this machine.

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
  // Wrong words are told before anything is opened or sent.
  splitOf(typed.split);
  const ask =
    again === null
      ? newSet(session, typed, spine as SpineSource)
      : anotherSet(session, typed, { again, spine });
  const progress = buildProgress(out);
  try {
    const { manifest, unknown } = await ask({ folder, signal, onProgress: progress.update });
    progress.stop();
    out.answer(manifest, () => printManifest(manifest, { folder, out }));
    for (const view of unknown) out.note(unknownRemark(view, manifest));
    return DONE;
  } finally {
    progress.stop();
  }
}

type Ask = (building: BuildingSet) => Promise<BuiltSet>;

function newSet({ control }: Session, typed: BuildInput, spine: SpineSource): Ask {
  const { time, asServed, engine, split, format } = typed;
  const asked = { features: featuresOf(typed), spine, time, asServed, engine, split, format };
  return async (building) => (await (await control()).trainingSets()).build(asked, building);
}

function anotherSet(
  { control }: Session,
  { engine }: BuildInput,
  { again, spine }: { readonly again: TrainingSetManifest; readonly spine: SpineSource | undefined },
): Ask {
  return async (building) =>
    (await (await control()).trainingSets()).buildAgain({ manifest: again, spine, engine }, building);
}

async function readManifest(path: string): Promise<TrainingSetManifest> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw wrongUsage('training-set', [
      { pointer: '--from', detail: `cannot be read: ${error.code}; name the manifest.json of a set` },
    ]);
  });
  const { trainingSetManifest } = await import('@larder/training');
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

async function list(
  { out, control }: Session,
  options: { readonly limit: number; readonly model: string | undefined },
): Promise<number> {
  const { sets, complete } = await (await (await control()).trainingSets()).list(options);
  out.answer({ training_sets: sets, complete }, () => printTrainingSets(sets, { complete, out }));
  return DONE;
}

async function show({ out, control }: Session, id: string): Promise<number> {
  const set = await (await (await control()).trainingSets()).show(id);
  out.answer(set, () => {
    const manifest = set.manifest as TrainingSetManifest | null;
    if (manifest !== null) printManifest(manifest, { folder: placeOf(set), out });
    else out.line(`Training set ${id} is ${set.status}. ${set.error?.reason ?? ''}`.trimEnd());
  });
  return set.status === 'failed' ? FAILED : DONE;
}
