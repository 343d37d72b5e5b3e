import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { shellWord } from '@larder/core';
import { redisServer, toolsFolderOf } from '@larder/infra';
import { startStack, type Stack } from '@larder/infra/stack';
import { createAdsDatabase, drawPictures, seedAds, startScript } from '../src/index.ts';
import { demoOptions } from './options.ts';
import { refuseForeignDatabase } from './refuse-foreign-database.ts';
import { tellStory } from './story.ts';
import { bad, bar, good, heading, line } from './terminal.ts';

/** `npm run demo`: runs the whole example step by step; exit code 0 when everything was correct. */
const root = resolve(import.meta.dirname, '../../..');
const project = resolve(import.meta.dirname, '../larder.config.ts');
const pictures = join(root, '.larder', 'ads');

const options = demoOptions(process.argv.slice(2));
const startedMs = performance.now();
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
/** Undone in reverse order, whatever happened. */
const undo: (() => Promise<void>)[] = [];

try {
  process.exitCode = await demo();
} catch (error) {
  if (interrupted.signal.aborted) process.exitCode = 130;
  else {
    bad((error as Error).message);
    process.exitCode = 1;
  }
} finally {
  for (const step of undo.toReversed()) await step();
}

async function demo(): Promise<number> {
  heading(1, 'Setup: a Redis, and the pictures of the new ads', startedMs);
  if (options.databaseUrl !== undefined) await refuseForeignDatabase(options.databaseUrl);
  mkdirSync(pictures, { recursive: true });
  if (options.redisUrl === undefined) await redisServer(toolsFolderOf(pictures), line);
  await draw();

  heading(2, 'The stack: PostgreSQL, Redis, the service, the workers, the definitions', startedMs);
  const { stack, adsDatabaseUrl } = await startAll();

  const story = tellStory({ stack, adsDatabaseUrl, startedMs, logFolder: stack.logs, firstChapter: 3 });
  const wrong = await Promise.race([story, untilInterrupted()]);
  console.log();
  for (const text of wrong) bad(text);
  if (wrong.length > 0) return 1;
  good(`everything was correct, in ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`);
  if (options.once) return 0;
  showNext(stack);
  await untilInterrupted().catch(() => {});
  line('\nStopping …');
  return 0;
}

async function draw(): Promise<void> {
  const progress = bar('drawing');
  const { drawn, total } = await drawPictures({
    folder: pictures,
    onProgress: (done, of) => progress.update(done, of, 'pictures'),
  });
  progress.stop();
  good(drawn === 0 ? `${total} pictures already exist` : `${drawn} pictures drawn`);
}

async function startAll(): Promise<{ stack: Stack; adsDatabaseUrl: string }> {
  const logFolder = join(root, '.larder', 'ads');
  const feed = await startScript('feed-process.ts', ['--folder', pictures], logFolder);
  undo.push(() => feed.stop());
  let adsDatabaseUrl = '';
  const stack = await startStack({
    project,
    root,
    ...options,
    actor: 'demo',
    refuseDestructive: true,
    signal: interrupted.signal,
    onProgress: good,
    onTrouble: bad,
    async env({ databaseUrl }) {
      adsDatabaseUrl = options.databaseUrl ?? (await createAdsDatabase(databaseUrl));
      const seeded = await seedAds({ databaseUrl: adsDatabaseUrl, feedUrl: feed.url });
      good(
        `${seeded.ads} ads in the advertiser's table, ${seeded.changedAds} of them new or changed; their pictures at ${feed.url}`,
      );
      return { LARDER_CONNECTION_ADS_URL: adsDatabaseUrl };
    },
  });
  undo.push(() => stack.stop());
  for (const change of stack.applied.changes) line(`  ${change.text}`);
  return { stack, adsDatabaseUrl };
}

function untilInterrupted(): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(new Error('interrupted'));
    if (interrupted.signal.aborted) stop();
    else interrupted.signal.addEventListener('abort', stop, { once: true });
  });
}

function showNext(stack: Stack): void {
  heading(10, 'Yours, until Ctrl-C', startedMs);
  const rows = [
    [`${stack.inferenceUrl}/docs`, 'every route, to try out'],
    [`${stack.inferenceUrl}/metrics`, 'for Prometheus'],
    [shellWord(stack.logs), 'logs'],
    ['npm run larder -- entities ad', 'which ads are in Redis'],
    ['npm run larder -- inspect ad ad-42', 'everything about one of them'],
    ['npm run larder -- runs', 'what was computed, and what failed'],
    ['npm run larder -- backfill ad_image --all --force', 'compute it again'],
  ] as const;
  const width = Math.max(...rows.map(([what]) => what.length));
  for (const [what, why] of rows) line(`${what.padEnd(width)}   ${why}`);
}
