/** A comment as the website sends it. */
export interface Comment {
  readonly comment_id: string;
  readonly author_id: string;
  readonly post_id: string;
  readonly text: string;
  /** ISO 8601. */
  readonly written_at: string;
}

/** How often the score is asked for; a push is usually computed in a few tens of milliseconds. */
const ASK_EVERY_MS = 10;
const WAIT_MS = 10_000;

/**
 * What a website does with a new comment: pushes its text, reads the sentiment as soon as it is computed, and records the
 * event that the author's windows count. Each step may be repeated: pushes of equal rows and events with a known id change
 * nothing.
 * @returns the sentiment and how long it took to be readable
 */
export async function takeComment(
  larder: string,
  comment: Comment,
): Promise<{ readonly sentiment: number; readonly readableAfterMs: number }> {
  const { comment_id: id, author_id, post_id, text, written_at: at } = comment;
  const pushedAt = performance.now();
  await post(`${larder}/v1/views/comment_sentiment/push`, {
    rows: [{ comment_id: id, event_timestamp: at, text }],
  });
  const sentiment = await readSentiment(larder, id);
  const readableAfterMs = performance.now() - pushedAt;
  await post(`${larder}/v1/events/activity`, {
    events: [
      { event_id: id, event_timestamp: at, author_id, kind: 'comment', post_id, sentiment, votes: null },
    ],
  });
  return { sentiment, readableAfterMs };
}

/** Pushes the mood of the website: one row, which every ranking reads. It has no key. */
export async function tellMood(larder: string, { mood, at }: { mood: number; at: string }): Promise<void> {
  await post(`${larder}/v1/views/website_mood/push`, { rows: [{ event_timestamp: at, mood }] });
}

/** A comment with its place among the others, and whether the website shows it. */
export interface RankedComment {
  readonly comment_id: string;
  readonly score: number;
  readonly shown: boolean;
  readonly reason: string;
}

/** The comments of a post with their scores, best first: one call, whose authors are read once each. */
export async function rankComments(
  larder: string,
  comments: readonly Pick<Comment, 'comment_id' | 'author_id'>[],
): Promise<RankedComment[]> {
  const { rows } = await post<{ rows: { outputs: Omit<RankedComment, 'comment_id'> }[] }>(
    `${larder}/v1/models/comment_rank/predict-batch`,
    {
      rows: comments.map(({ comment_id, author_id }) => ({ entities: { comment_id, author_id } })),
      options: { deadline_ms: 2_000 },
    },
  );
  return comments
    .flatMap(({ comment_id }, i) => (rows[i] ? [{ comment_id, ...rows[i].outputs }] : []))
    .toSorted((a, b) => b.score - a.score);
}

async function readSentiment(larder: string, id: string): Promise<number> {
  const giveUpAt = performance.now() + WAIT_MS;
  for (;;) {
    const { rows } = await post<{ rows: { values: (number | null)[] }[] }>(`${larder}/v1/features/online`, {
      features: ['comment_sentiment:sentiment'],
      entities: [{ comment_id: id }],
    });
    const sentiment = rows[0]?.values[0] ?? null;
    if (sentiment !== null) return sentiment;
    if (performance.now() > giveUpAt) throw new Error(`The sentiment of ${id} is not there after 10 s.`);
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

async function post<Answer>(url: string, body: object): Promise<Answer> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(WAIT_MS),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Answer;
}
