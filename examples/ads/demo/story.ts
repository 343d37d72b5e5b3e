import type { Stack } from '@larder/infra/stack';
import pc from 'picocolors';
import { badPicture, demoAds, measureLatencies, requests, startScript } from '../src/index.ts';
import { type LarderApi, larderApi } from './larder-api.ts';
import { larder } from './larder-command.ts';
import { moveWindow } from './move-window.ts';
import { showChain } from './show-chain.ts';
import { showPrecomputed } from './show-precomputed.ts';
import { bad, bar, good, heading, line } from './terminal.ts';

/** These take a third of a second each: two networks read the text on the picture. */
const INLINE_REQUESTS = 20;
const HYBRID_REQUESTS = 500;

export interface StoryContext {
  readonly stack: Stack;
  /** The advertiser's own database, which the plain service queries. */
  readonly adsDatabaseUrl: string;
  readonly startedMs: number;
  /** Log folder of the processes that the story starts. */
  readonly logFolder: string;
  /** Number of the next heading. */
  readonly firstChapter: number;
}

/** Shows the example step by step on a running stack. @returns every problem; empty when everything was correct */
export async function tellStory(context: StoryContext): Promise<string[]> {
  const { stack, startedMs } = context;
  const api = larderApi(stack.inferenceUrl);
  const wrong: string[] = [];
  let chapter = context.firstChapter;
  const next = (text: string) => heading(chapter++, text, startedMs);

  next('Backfill: the slow features are computed ahead, by workers');
  wrong.push(...(await backfill(api, 'ad_events', [])));
  const picturesStartedMs = performance.now();
  const [image, text] = [await api.backfill('ad_image'), await api.backfill('ad_text')];
  wrong.push(...(await follow(api, image, badAds())));
  wrong.push(...(await follow(api, text, badAds())));
  good(`ad_image and ad_text of all pictures together: ${seconds(picturesStartedMs)} s`);

  next('As in every night: what landed flowed on into the scores of all ads  larder runs --graph');
  wrong.push(...(await showChain(api, stack, [image, text])));
  wrong.push(...(await backfill(api, 'ad_scores', [])));

  const [first] = requests(1) as [ReturnType<typeof requests>[number]];
  const adId = first.entities.ad_id;
  next(`What is in Redis for this ad?  larder inspect ad ${adId}`);
  wrong.push(...inspect(stack, adId));

  next('A window moves: the ad is shown and clicked once');
  wrong.push(...(await moveWindow(api, adId)));

  next('One prediction: stored and fresh features in one call');
  wrong.push(...(await predict(api, first)));

  next('The same question to the scores that were computed ahead');
  wrong.push(...(await showPrecomputed(api, adId)));

  next('The same requests, everything computed inside the request against hybrid');
  wrong.push(...(await compare(context)));
  return wrong;
}

/** The pictures that the example breaks on purpose: only their rows may fail. */
function badAds(): string[] {
  return demoAds()
    .map(({ adId }) => adId)
    .filter((adId) => badPicture(adId) !== null)
    .toSorted();
}

async function backfill(
  api: LarderApi,
  view: string,
  expectedFailures: readonly string[],
): Promise<string[]> {
  const runId = await api.backfill(view);
  return follow(api, runId, expectedFailures);
}

/** Shows a run until it ends. */
async function follow(api: LarderApi, runId: string, expectedFailures: readonly string[]): Promise<string[]> {
  let run = await api.run(runId);
  const { view } = run;
  const progress = bar(view.padEnd(9));
  while (run.finished_at === null) {
    const { rows } = run;
    const left = run.eta_seconds === null ? '' : `, ${Math.ceil(run.eta_seconds)} s left`;
    const speed = run.rows_per_second === null ? '' : `${run.rows_per_second.toFixed(0)} rows/s, `;
    progress.update(ended(run), rows.total ?? 0, `rows  ${speed}${rows.failed} failed${left}`);
    await new Promise((done) => setTimeout(done, 200));
    run = await api.run(runId);
  }
  progress.update(ended(run), run.rows.total ?? 0, 'rows');
  progress.stop();

  const { rows } = run;
  const expectedStatus = expectedFailures.length > 0 ? 'partial' : 'succeeded';
  const tookSeconds = (Date.parse(run.finished_at) - Date.parse(run.started_at ?? run.created_at)) / 1_000;
  const summary = `${view}: ${run.status}, ${rows.done} computed, ${rows.skipped_unchanged} unchanged, ${rows.failed} failed, ${tookSeconds.toFixed(1)} s`;
  const failures = await api.failures(runId);
  const failed = failures.map(({ key }) => key ?? '?').toSorted();
  const right = run.status === expectedStatus && failed.join() === expectedFailures.join();
  (right ? good : bad)(summary);
  for (const { key, code, reason } of failures) line(`  ${pc.yellow(`${key}  ${code}`)}  ${reason}`);
  return right
    ? []
    : [
        `${view} ended ${run.status} with failures [${failed.join()}], not ${expectedStatus} with [${expectedFailures.join()}]`,
      ];
}

function ended({
  rows,
}: {
  readonly rows: { readonly done: number; readonly failed: number; readonly skipped_unchanged: number };
}): number {
  return rows.done + rows.failed + rows.skipped_unchanged;
}

/** The exact command that someone on call would type. */
function inspect(stack: Stack, adId: string): string[] {
  const shown = larder(stack, 'inspect', 'ad', adId);
  const [firstWord = ''] =
    demoAds()
      .find((ad) => ad.adId === adId)
      ?.headline.split(' ') ?? [];
  const complete =
    shown.status === 0 &&
    ['ad_image@1', 'ad_scores@1', 'ad_stats@1', 'ad_text@1', 'embedding', firstWord, 'PRESENT'].every(
      (text) => shown.stdout.includes(text),
    );
  return complete
    ? []
    : [
        `larder inspect ad ${adId} ended with ${shown.status} or did not show all views and '${firstWord}' of the picture`,
      ];
}

async function predict(api: LarderApi, request: object): Promise<string[]> {
  const body = { ...request, options: { features: true } };
  line(pc.dim(`POST /v1/models/ad_ctr/predict  ${JSON.stringify(request)}`));
  const answer = await api.predict(body);
  const { features = [], ...rest } = answer;
  line(
    JSON.stringify({ ...rest, features: features.map(shortened) }, null, 2).replaceAll(
      /\{\s+("ref"[^}]*?)\s+\}/g,
      (_, inner: string) => `{ ${inner.replaceAll(/\s+/g, ' ')} }`,
    ),
  );
  const ctr = answer.outputs.ctr;
  if (typeof ctr === 'number' && ctr > 0 && ctr < 1 && !answer.degraded) return [];
  return [
    `the prediction is ${String(ctr)}, degraded: ${answer.degraded} (${answer.degraded_reasons.join(', ')})`,
  ];
}

function shortened(feature: { readonly value: unknown }): object {
  const { value } = feature;
  return Array.isArray(value)
    ? {
        ...feature,
        value: `[${value
          .slice(0, 3)
          .map((x) => Number(x).toPrecision(3))
          .join(', ')}, … ${value.length} floats]`,
      }
    : feature;
}

async function compare({ stack, adsDatabaseUrl, logFolder }: StoryContext): Promise<string[]> {
  const inlineService = await startScript('inline-process.ts', ['--database-url', adsDatabaseUrl], logFolder);
  const hybridUrl = `${stack.inferenceUrl}/v1/models/ad_ctr/predict`;
  const bodies = requests(HYBRID_REQUESTS);
  try {
    await measureLatencies(inlineService.url, bodies.slice(0, 3)); // both warm
    await measureLatencies(hybridUrl, bodies.slice(0, 50));
    const inline = await measureLatencies(inlineService.url, bodies.slice(0, INLINE_REQUESTS));
    const hybrid = await measureLatencies(hybridUrl, bodies);
    const row = (name: string, { count, p50Ms, p99Ms }: typeof inline) =>
      line(`${name.padEnd(34)}${String(count).padStart(5)} requests   p50 ${ms(p50Ms)}   p99 ${ms(p99Ms)}`);
    row('everything inside the request', inline);
    row('hybrid: stored + fresh features', hybrid);
    const [p50, p99] = [inline.p50Ms / hybrid.p50Ms, inline.p99Ms / hybrid.p99Ms];
    good(`hybrid answers ${p50.toFixed(0)} × faster at p50, ${p99.toFixed(0)} × at p99`);
    return p50 > 1 && p99 > 1 ? [] : ['hybrid is not faster than computing everything inside the request'];
  } finally {
    await inlineService.stop();
  }
}

function seconds(startedMs: number): string {
  return ((performance.now() - startedMs) / 1_000).toFixed(0);
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`.padStart(10);
}
