import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseDurationMs } from '@larder/core';
import { startStack } from '@larder/infra/stack';
import { runningStack } from '@larder/infra/stack-file';
import { sealArtifact } from '@larder/training/seal';
import { adCtr } from '../larder.config.ts';
import { createAdsDatabase } from '../src/ads-database.ts';
import { designAds, type AdDesign } from '../src/catalogue/ad-design.ts';
import { drawPictures } from '../src/pictures/draw-pictures.ts';
import { seedAds } from '../src/seed.ts';
import { startScript } from '../src/start-script.ts';
import { areaUnderCurve } from '../training/area-under-curve.ts';
import { scoreRow, trainClickModel } from '../training/click-model.ts';
import { writeModel } from '../training/write-model.ts';
import { compareViews, MODEL_VIEWS, scores } from './compare-views.ts';
import { larderOn } from './larder.ts';
import { readPart } from './read-part.ts';
import { showAds } from './show-ads.ts';

export interface LoopOptions {
  /** For pictures, stores, the copy of the project and the training set; below this repository. */
  readonly folder: string;
  readonly ads: number;
  readonly impressionsPerAd: number;
  /** Also trains without the pictures, and says what they bring. @default false */
  readonly compare?: boolean;
  /** @default embedded stores */
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  readonly port?: number;
  say(line: string): void;
}

export interface LoopResult {
  readonly impressions: number;
  readonly clicks: number;
  readonly auc: number;
  /** The version that answers at the end. */
  readonly version: number;
  /** Folder of the trained artifact. */
  readonly artifact: string;
  readonly trainingSet: Built;
}

interface Built {
  readonly training_set_id: string;
  readonly content_sha256: string;
  readonly spine: { readonly rows: number };
}

const EXAMPLE = resolve(import.meta.dirname, '..');
const BACKFILLS = ['ad_events', 'ad_image', 'ad_text'];
/** Enough to explain with, and half of the default: the files lie in the repository. */
const BACKGROUND_ROWS = 50;
/** Of the log's buffer. */
const LOGGED_MS = 1_000;

/**
 * The whole loop on a stack of its own: ads are shown, predicted and logged; clicks come in as labels; a training set is
 * built from the log and trains the next `ad_ctr`, which is sealed, applied and promoted. Everything but the time is the same
 * in every run. Works on a copy of the example, whose own model stays.
 */
export async function runLoop(options: LoopOptions): Promise<LoopResult> {
  const { folder, impressionsPerAd, say } = options;
  const ads = designAds({ count: options.ads, seed: 'past', prefix: 'past' });
  const project = join(folder, 'project');
  const sets = join(folder, 'sets');
  if (runningStack(folder) !== null) throw new Error(`A loop is already running in ${folder}.`);
  // Also the stores: the predictions of an earlier run would be in the training set again.
  const stores = join(folder, '.larder', 'stack');
  await Promise.all([project, sets, stores].map((each) => rm(each, { recursive: true, force: true })));
  await mkdir(project, { recursive: true });
  await cp(join(EXAMPLE, 'larder.config.ts'), join(project, 'larder.config.ts'));
  await cp(join(EXAMPLE, 'models'), join(project, 'models'), { recursive: true });

  say(`drawing the pictures of ${ads.length} ads`);
  await drawPictures({ folder: join(folder, 'pictures'), ads });
  const feed = await startScript('feed-process.ts', ['--folder', join(folder, 'pictures')], folder);
  const undo = [() => feed.stop()];
  try {
    const stack = await startStack({
      project: join(project, 'larder.config.ts'),
      root: folder,
      ...(options.databaseUrl !== undefined && { databaseUrl: options.databaseUrl }),
      ...(options.redisUrl !== undefined && { redisUrl: options.redisUrl }),
      ...(options.port !== undefined && { port: options.port }),
      actor: 'training loop',
      onProgress: say,
      async env({ databaseUrl }) {
        const url = options.databaseUrl ?? (await createAdsDatabase(databaseUrl));
        await seedAds({ databaseUrl: url, feedUrl: feed.url, ads });
        // A buffered log drops predictions that come faster than PostgreSQL writes them.
        return { LARDER_CONNECTION_ADS_URL: url, LARDER_PREDICTION_LOG: 'durable' };
      },
    });
    undo.push(() => stack.stop());
    const env = { ...stack.env, LARDER_PROJECT: join(project, 'larder.config.ts') };
    const larder = larderOn(env, say);
    for (const each of BACKFILLS) await larder('backfill', each, '--all');

    const { impressions, clicks } = await showAds({
      inferenceUrl: stack.inferenceUrl,
      ads,
      impressionsPerAd,
    });
    say(`${impressions} impressions predicted and logged, ${clicks} clicks sent as labels`);
    await pause(parseDurationMs(adCtr.label?.horizon ?? '1s') + LOGGED_MS);

    const set = join(sets, 'ad_ctr');
    const build = [
      'training-set',
      'build',
      '--model',
      'ad_ctr',
      '--predictions',
      'ad_ctr',
      '--label',
      'clicked',
    ];
    await larder(...build, '--split', 'group:ad_id:0.8,0.2', '--out', set);
    const built = JSON.parse(await readFile(join(set, 'manifest.json'), 'utf8')) as Built;
    if (built.spine.rows !== impressions)
      throw new Error(
        `${impressions} impressions were predicted, but the log has ${built.spine.rows} of them.`,
      );

    const artifact = join(project, adCtr.artifact.path);
    const auc = await train(set, artifact, { ...options, ads });
    await larder('apply', '--yes');
    const { versions } = JSON.parse(await larder('models', 'ad_ctr', '--json')) as {
      versions: readonly { version: number }[];
    };
    const newest = Math.max(...versions.map(({ version }) => version));
    const reason = `trained on ${built.training_set_id}, AUC ${auc.toFixed(3)}`;
    await larder('promote', `ad_ctr@${newest}`, '--reason', reason, '--yes', '--wait', '60s');
    const answer = await fetch(`${stack.inferenceUrl}/v1/models/ad_ctr/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        entities: { ad_id: ads[0]?.adId },
        request: { requested_at: '2026-01-05T18:00:00Z', placement: 'feed', bid: 2.5 },
        options: { deadline_ms: 5_000 },
      }),
    });
    const { version } = (await answer.json()) as { version: number };
    return { impressions, clicks, auc, version, artifact, trainingSet: built };
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

type Training = Pick<LoopOptions, 'impressionsPerAd' | 'compare' | 'say'> & {
  readonly ads: readonly AdDesign[];
};

/** Trains on one part, seals the artifact with the trainer's own scores. @returns the AUC on ads that it has not seen */
async function train(folder: string, artifact: string, options: Training): Promise<number> {
  const { ads, impressionsPerAd, say } = options;
  const training = await readPart({ folder, part: 'train', ads });
  const test = await readPart({ folder, part: 'test', ads });
  const model = trainClickModel(training, {
    views: MODEL_VIEWS,
    onEpoch: (epoch, loss) => say(`epoch ${epoch}: log loss ${loss.toFixed(4)}`),
  });
  const auc = areaUnderCurve(scores(model, test), test.clicked);
  say(`AUC on other ads: ${auc.toFixed(3)}`);
  if (options.compare === true) say(compareViews(model, training, test));
  await writeModel(
    artifact,
    model,
    training.columns.map(({ ref }) => ref),
  );
  await sealArtifact(artifact, folder, {
    outputs: ['ctr'],
    score: (rows) => ({ ctr: rows.map((row) => scoreRow(model, row)) }),
    backgroundRows: BACKGROUND_ROWS,
    training: {
      metrics: { auc },
      parameters: { seed: 'past', ads: ads.length, impressions_per_ad: impressionsPerAd },
    },
  });
  return auc;
}
