import { join, resolve } from 'node:path';
import { startStack } from '@larder/infra/stack';
import { newId } from '@larder/core';
import { test } from '@larder/testing';
import { expect, inject } from 'vitest';
import { rankComments, takeComment, tellMood } from './src/pipeline.ts';

const TEXTS = {
  kind: 'I love it, thank you so much!',
  rude: 'What a terrible waste of time.',
  dull: 'The parcel arrived on Monday.',
};

test('a pushed comment is scored at once, counts for its author, and is ranked with others', async ({
  database,
  redis,
  onTestFinished,
}) => {
  const stack = await startStack({
    project: resolve(import.meta.dirname, 'larder.config.ts'),
    root: join(inject('testFolder'), `comments-${newId()}`),
    databaseUrl: database.url,
    redisUrl: redis.url,
    port: 26_650,
    env: { LARDER_WORKER_SLOTS: '2' },
  });
  onTestFinished(() => stack.stop());
  const larder = stack.inferenceUrl;
  const comments = Object.entries(TEXTS).map(([id, text], i) => ({
    comment_id: id,
    author_id: `author-${i}`,
    post_id: 'post-1',
    text,
    written_at: new Date(Date.now() - 1_000 * i).toISOString(),
  }));
  const sentiments = new Map<string, number>();
  for (const comment of comments)
    sentiments.set(comment.comment_id, (await takeComment(larder, comment)).sentiment);
  expect(sentiments.get('kind')).toBeGreaterThan(0.25);
  expect(sentiments.get('rude')).toBeLessThan(-0.25);

  await tellMood(larder, { mood: -0.3, at: new Date().toISOString() });

  // A website may send a comment again: it counts once.
  const [kind] = comments;
  if (kind) await takeComment(larder, kind);
  const answer = await fetch(`${larder}/v1/features/online`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      features: ['author_activity:comments_7d', 'author_activity:posts_1d', 'author_activity:sentiment_7d'],
      entities: [{ author_id: 'author-0' }, { author_id: 'nobody' }],
    }),
  });
  const { rows } = (await answer.json()) as { rows: { values: unknown[] }[] };
  const [found, nobody] = rows.map(({ values }) => values);
  expect(found?.slice(0, 2)).toEqual([1, 1]);
  expect(found?.[2]).toBeCloseTo(sentiments.get('kind') ?? NaN, 6);
  expect(nobody).toEqual([0, 0, null]);

  const ranked = await rankComments(larder, comments);
  expect(ranked.map(({ comment_id: id }) => id)).toEqual(['kind', 'dull', 'rude']);
  expect(ranked.map(({ shown }) => shown)).toEqual([true, true, false]);
  expect(ranked[2]?.reason).toBe('few readers would like it');
});
