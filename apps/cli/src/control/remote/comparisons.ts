import type { ComparisonAnswer, ParityAnswer } from '@larder/contracts';
import { isLarderError, LarderError } from '@larder/core';
import type { BuildProgress } from '@larder/training';
import type { Comparing, ComparisonsControl } from '../control.ts';
import { problemOfEvent } from './problem-in.ts';
import { readEvents } from './read-events.ts';
import type { Query, ServiceClient } from './service-client.ts';
import { unreachable } from './unreachable.ts';

/** A service sends a comment every 15 s: silence for longer means that nothing arrives any more. */
const SILENCE_MS = 40_000;
/** Every feature of a wide model, with examples of its vectors. */
const MAX_EVENT_CHARS = 64 * 2 ** 20;

/** The service compares, and sends how far it is; it stops when this command ends. */
export function remoteComparisons(client: ServiceClient): ComparisonsControl {
  return {
    parity: ({ model, from, to, ...asked }, comparing) =>
      answered<ParityAnswer>(client, `/v1/models/${encodeURIComponent(model)}/parity`, {
        ...comparing,
        query: { ...asked, from: from?.toISOString(), to: to?.toISOString() },
        members: ['predictions', 'features', 'unexplained'],
      }),
    views: (asked, comparing) =>
      answered<ComparisonAnswer>(client, '/v1/comparison', {
        ...comparing,
        query: { ...asked },
        members: ['coverage', 'features', 'predictions'],
      }),
  };
}

interface Answered extends Comparing {
  readonly query: Query;
  readonly members: readonly string[];
}

async function answered<T extends object>(
  client: ServiceClient,
  path: string,
  { query, members, signal, onProgress }: Answered,
): Promise<T> {
  const silence = new AbortController();
  // Something on the way may accept the connection and never answer.
  const unanswered = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await client
      .open(path, { query, signal: AbortSignal.any([signal, silence.signal]) })
      .finally(() => clearTimeout(unanswered));
    const reading = { silenceMs: SILENCE_MS, silence, maxChars: MAX_EVENT_CHARS };
    for await (const { event, data } of readEvents(response, reading)) {
      if (event === 'progress') {
        const progress = JSON.parse(data) as BuildProgress;
        if ('stage' in progress) onProgress?.(progress);
      }
      if (event === 'problem') throw problemOfEvent(data);
      if (event !== 'end') continue;
      const answer = JSON.parse(data) as T;
      if (members.every((name) => name in answer)) return answer;
      throw new LarderError('SERVICE_ANSWER_INVALID', `${client.url} answered ${path} with something else.`);
    }
  } catch (error) {
    if (isLarderError(error) || signal.aborted) throw error;
    throw unreachable(error, client.url);
  }
  throw new LarderError(
    'SERVICE_UNREACHABLE',
    `${client.url} ended the connection before it had compared everything. Ask again.`,
  );
}
