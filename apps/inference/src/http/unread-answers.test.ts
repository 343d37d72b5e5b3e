import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createUnreadAnswers } from './unread-answers.ts';

const KIB = 1_024;

interface Waiting {
  readonly answer: ServerResponse;
  readonly caller: ReturnType<typeof get>;
}

/** Three answers that wait to be written, each with its caller. */
async function openAnswers(): Promise<[Waiting, Waiting, Waiting]> {
  const answers: ServerResponse[] = [];
  const server = createServer((_request, response) => void answers.push(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const open = async (): Promise<Waiting> => {
    const before = answers.length;
    const caller = get(url, { agent: false }, (response: IncomingMessage) => void response.resume());
    caller.on('error', () => {});
    await vi.waitFor(() => expect(answers).toHaveLength(before + 1), { timeout: 60_000 });
    return { answer: answers[before] as ServerResponse, caller };
  };
  return [await open(), await open(), await open()];
}

test('large answers wait up to the limit; small ones are not counted; answers that were read make room', async () => {
  const [first, second, third] = await openAnswers();
  const unread = createUnreadAnswers(100 * KIB);
  unread.hold(first.answer, 90 * KIB);
  unread.hold(second.answer, 16 * KIB);
  expect(() => unread.hold(third.answer, 20 * KIB)).toThrow(
    expect.objectContaining({ code: 'OVERLOADED', retryAfterSeconds: 1 }),
  );
  first.answer.end('read');
  await once(first.answer, 'close');
  unread.hold(third.answer, 90 * KIB);
});

test('a caller that left makes room', async () => {
  const [first, second] = await openAnswers();
  const unread = createUnreadAnswers(100 * KIB);
  unread.hold(first.answer, 90 * KIB);
  const gone = once(first.answer, 'close');
  first.caller.destroy();
  await gone;
  unread.hold(first.answer, 90 * KIB);
  expect(() => unread.hold(second.answer, 90 * KIB)).not.toThrow();
});

test('a caller that exceeds its time is cut when others need the room', async () => {
  const [first, second, third] = await openAnswers();
  const unread = createUnreadAnswers(100 * KIB, 0);
  unread.hold(first.answer, 50 * KIB);
  unread.hold(second.answer, 50 * KIB);
  const gone = once(first.answer, 'close');
  unread.hold(third.answer, 20 * KIB);
  await gone;
  expect(second.answer.destroyed).toBe(false);
});
