import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { jsonOf, larder } from '../../../fixtures/run-cli.ts';

const RUN = '01999999-9999-7999-8999-999999999999';
const KEY = 'lrd_secret';

/** Something at an address that is not, or not yet, the service that is meant. */
async function listen(handler: RequestListener): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** An address at which nothing listens. */
async function nobody(): Promise<string> {
  const { url, server } = await listen(() => {});
  await new Promise((closed) => server.close(closed));
  return url;
}

const answer = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) =>
  response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(typeof body === 'string' ? body : JSON.stringify(body));

const problem = (status: number, code: string, detail: string, more: object = {}) => ({
  type: `urn:larder:error:${code}`,
  title: code,
  status,
  detail,
  code,
  retryable: false,
  request_id: 'r-1',
  ...more,
});

const ask = (url: string, line: string, env: Record<string, string> = {}) =>
  larder(line.split(' '), {
    LARDER_PROJECT: 'nowhere/larder.config.ts',
    LARDER_URL: url,
    LARDER_API_KEY: KEY,
    ...env,
  });

const run = (status: string) => ({
  run_id: RUN,
  view: 'ad_stats',
  version: 1,
  trigger: 'backfill',
  revision: 1,
  status,
  rows: { total: 4, done: status === 'running' ? 1 : 4, failed: 0, skipped_unchanged: 0 },
  rows_per_second: 2,
  eta_seconds: null,
  error: null,
  waiting_for: null,
  waiting_detail: null,
  created_at: '2026-11-20T09:30:00.000Z',
  started_at: '2026-11-20T09:30:00.000Z',
  finished_at: status === 'running' ? null : '2026-11-20T09:30:02.000Z',
});

describe('what the service refuses', () => {
  test('is the same error, with its request id', async () => {
    const seen: IncomingMessage['headers'][] = [];
    const { url } = await listen((request, response) => {
      seen.push(request.headers);
      answer(response, 403, problem(403, 'SCOPE_MISSING', "The key lacks the scope 'models:promote'."));
    });
    const refused = await ask(url, 'promote ad_ctr@7 --reason why');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /SCOPE_MISSING.*\nThe key lacks the scope 'models:promote'\.\nAsk for a key .*Request r-1/s,
    );
    expect(jsonOf(await ask(url, 'runs --json'))).toMatchObject({ code: 'SCOPE_MISSING', request_id: 'r-1' });
    expect(seen[0]).toMatchObject({
      authorization: `Bearer ${KEY}`,
      'user-agent': expect.stringMatching(/^larder\//) as string,
    });
  });

  test('a key that is missing or revoked is said to be', async () => {
    const { url } = await listen((_request, response) =>
      answer(response, 401, problem(401, 'KEY_REQUIRED', 'No key in force.')),
    );
    expect((await ask(url, 'runs')).stderr).toContain('LARDER_API_KEY is not in force');
    expect((await larder(['runs'], { LARDER_URL: url })).stderr).toContain('Set LARDER_API_KEY');
  });

  test('members and codes of a later release are tolerated', async () => {
    const { url } = await listen((request, response) => {
      if (request.url?.startsWith('/v1/runs?') === true)
        answer(response, 200, { runs: [{ ...run('succeeded'), mood: 'good' }], cursor: null, more: 1 });
      else answer(response, 409, problem(409, 'NOT_KNOWN_YET', 'Something new.'));
    });
    expect(await ask(url, 'runs')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('ad_stats@1') as string,
    });
    const later = await ask(url, `runs ${RUN} --json`);
    expect(jsonOf(later)).toMatchObject({
      code: 'SERVICE_ANSWER_INVALID',
      detail: 'NOT_KNOWN_YET (409): Something new.',
    });
  });

  test('a service without the route is older', async () => {
    const { url } = await listen((_request, response) =>
      answer(response, 404, problem(404, 'ROUTE_NOT_FOUND', 'No such route.')),
    );
    const older = await ask(url, 'models');
    expect(older).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/SERVICE_OLDER.*\n.*GET \/v1\/model-records/) as string,
    });
  });
});

describe('what is not a service', () => {
  test('a redirect is not followed, and the key goes to no other host', async () => {
    const seen: string[] = [];
    const other = await listen((request, response) => {
      seen.push(request.url ?? '');
      answer(response, 200, { runs: [], cursor: null });
    });
    const { url } = await listen((_request, response) =>
      response.writeHead(307, { location: `${other.url}/v1/runs` }).end(),
    );
    const redirected = await ask(url, 'runs');
    expect(redirected).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`to ${other.url}, which is not followed`) as string,
    });
    expect(seen).toEqual([]);
  });

  test('a page, a proxy that fails and an address without anything', async () => {
    const page = await listen((_request, response) =>
      answer(response, 200, '<html>', { 'content-type': 'text/html' }),
    );
    expect((await ask(page.url, 'runs')).stderr).toMatch(
      /SERVICE_ANSWER_INVALID.*\n.*text\/html.*LARDER_URL/,
    );
    const proxy = await listen((_request, response) => answer(response, 502, 'bad gateway'));
    expect((await ask(proxy.url, 'runs')).stderr).toContain('SERVICE_UNREACHABLE');
    expect((await ask(await nobody(), 'runs')).stderr).toMatch(
      /SERVICE_UNREACHABLE.*\n.*nothing listens there/,
    );
  });

  test('an answer that does not end is cut', async () => {
    const { url } = await listen((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const part = ' '.repeat(2 ** 20);
      const more = () => {
        while (!response.destroyed && response.write(part));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    expect((await ask(url, 'runs')).stderr).toContain('larger than 64 MiB');
  });

  test.for([
    ['http://larder.example.com', 'LARDER_ALLOW_HTTP'],
    ['https://user:secret@larder.example.com', 'LARDER_API_KEY'],
    ['larder.example.com', 'https://larder.example.com'],
    ['https://larder.example.com/?key=secret', 'without ? and #'],
  ] as const)('%s is refused before anything is sent', async ([url, said]) => {
    const refused = await ask(url, 'runs');
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(said) as string });
    expect(refused.stderr).not.toContain('secret');
  });

  test('a verb that works on the stores says so', async () => {
    const archive = await ask('http://127.0.0.1:1', 'archive --project-name shop');
    expect(archive).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('works on the stores itself') as string,
    });
    const both = await ask(
      'http://127.0.0.1:1',
      'runs --url http://127.0.0.1:1 --database-url postgresql://x@127.0.0.1:1/x',
    );
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('exclude each other') as string });
  });
});

describe('interruptions', () => {
  test('a read is tried again, a move that may have happened is not', async () => {
    let reads = 0;
    let moves = 0;
    const { url } = await listen((request, response) => {
      if (request.method === 'GET') {
        reads += 1;
        if (reads < 3) request.socket.destroy();
        else answer(response, 200, { model: 'm', alias: 'champion', version: 2 }, { etag: '"1"' });
      } else {
        moves += 1;
        request.socket.destroy();
      }
    });
    expect(await ask(url, 'rollback ad_ctr --reason why')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('SERVICE_UNREACHABLE') as string,
    });
    expect([reads, moves]).toEqual([3, 1]);
  });

  test('a backfill that was queued but not answered is the same run, and its events go on after a cut', async () => {
    const keys = new Set<unknown>();
    let streams = 0;
    const { url } = await listen((request, response) => {
      if (request.url === '/v1/backfills') {
        keys.add(request.headers['idempotency-key']);
        if (keys.size === 1 && streams === 0 && request.headers['x-again'] === undefined && !answered())
          request.socket.destroy();
        else answer(response, 202, { run_id: RUN, status: 'queued' });
      } else if (request.url?.endsWith('/events') === true) {
        streams += 1;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`event: progress\ndata: ${JSON.stringify(run('running'))}\n\n`);
        if (streams === 1) setImmediate(() => response.destroy());
        else response.end(`: still here\n\nevent: end\ndata: ${JSON.stringify(run('succeeded'))}\n\n`);
      } else if (request.url?.includes('/failures') === true)
        answer(response, 200, { failures: [], cursor: null });
      else answer(response, 200, run(streams < 2 ? 'running' : 'succeeded'));
    });
    let asked = 0;
    function answered(): boolean {
      asked += 1;
      return asked > 1;
    }
    const followed = await ask(url, 'backfill ad_stats --json');
    expect(followed.code).toBe(0);
    expect(jsonOf(followed)).toMatchObject({ run_id: RUN, status: 'succeeded' });
    expect([keys.size, asked, streams]).toEqual([1, 2, 2]);
  });
});
