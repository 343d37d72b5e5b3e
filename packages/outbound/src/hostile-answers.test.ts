import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOutbound } from './create-outbound.ts';
import { OutboundError } from './outbound-error.ts';

/** What the host sends, byte by byte: node:http would not allow this. */
let answer: (socket: Socket, path: string) => void;
let server: Server;
let origin: string;
let paths: string[] = [];
const sockets = new Set<Socket>();

beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.on('data', (data) => {
      const path = data.toString().split(' ')[1] ?? '';
      paths.push(path);
      answer(socket, path);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  outbound.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});

const outbound = createOutbound({ allowedHosts: ['127.0.0.1'] });
const { signal } = new AbortController();

async function outcome(path = '/', timeoutMs = 5_000): Promise<string> {
  paths = [];
  try {
    const bytes = await outbound.fetchBytes(origin + path, {
      accept: '*/*',
      timeoutMs,
      maxBytes: 1_000,
      signal,
    });
    return bytes.toString();
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    // A sentence to which the caller adds what to do.
    return /^\S.{10,}[^.]$/.test(error.message) ? error.reason : `${error.reason}: ${error.message}`;
  }
}

const says =
  (...lines: string[]) =>
  (socket: Socket): void =>
    void socket.write(lines.join('\r\n'));

describe('a redirect', () => {
  const leadsTo = (location: string, status = 302): void => {
    answer = says(`HTTP/1.1 ${status} Found`, `Location: ${location}`, 'Content-Length: 0', '', '');
  };

  test.each([
    ['file:///etc/passwd', 'redirect_invalid'],
    ['data:image/png;base64,AAAA', 'redirect_invalid'],
    ['ftp://127.0.0.1/', 'redirect_invalid'],
    ['http://user:secret@127.0.0.1/', 'redirect_invalid'],
    ['http://169.254.169.254/latest?key=secret', 'host_not_allowed'],
    ['http://127.0.0.2/', 'host_not_allowed'],
    ['http://[::1]/', 'host_not_allowed'],
    ['//evil.example/', 'host_not_allowed'],
    ['http://[', 'redirect_refused'],
  ])('to %s is refused as %s', async (location, code) => {
    leadsTo(location);
    expect([await outcome(), paths.length]).toEqual([code, 1]);
  });

  test('without an address', async () => {
    answer = says('HTTP/1.1 302 Found', 'Content-Length: 0', '', '');
    expect(await outcome()).toBe('redirect_refused');
  });

  test('to itself ends after the third', async () => {
    leadsTo('/');
    expect([await outcome(), paths.length]).toEqual(['redirect_refused', 4]);
  });

  test.each([301, 302, 303, 307, 308])('by %d is followed, also relative, up to three', async (status) => {
    answer = (socket, path) =>
      says(
        ...(path === '/3'
          ? ['HTTP/1.1 200 OK', 'Content-Length: 7']
          : [`HTTP/1.1 ${status} X`, `Location: ${Number(path.slice(1)) + 1}`, 'Content-Length: 0']),
        '',
        path === '/3' ? 'picture' : '',
      )(socket);
    expect([await outcome('/0'), paths]).toEqual(['picture', ['/0', '/1', '/2', '/3']]);
  });

  test('with an endless body is not read', async () => {
    answer = (socket, path) => {
      if (path === '/end') return says('HTTP/1.1 200 OK', 'Content-Length: 1', '', 'x')(socket);
      says('HTTP/1.1 302 Found', 'Location: /end', '', 'y'.repeat(100_000))(socket);
    };
    expect(await outcome()).toBe('x');
  });

  test.each([300, 304, 305])('%d is none', async (status) => {
    leadsTo('/', status);
    expect(await outcome()).toBe('refused');
  });
});

const OK = 'HTTP/1.1 200 OK';
test.each([
  ['no HTTP', ['SSH-2.0-OpenSSH_9.2', ''], 'answer_invalid'],
  ['a header that is too large', [OK, `X: ${'x'.repeat(20_000)}`, '', ''], 'answer_invalid'],
  ['headers without end', [OK, ...Array<string>(2_000).fill('X-Y: zzzzzzzz')], 'answer_invalid'],
  ['two lengths', [OK, 'Content-Length: 1', 'Content-Length: 2', '', 'ab'], 'answer_invalid'],
  ['a negative length', [OK, 'Content-Length: -1', '', 'ab'], 'answer_invalid'],
  [
    'length and chunks',
    [OK, 'Content-Length: 1', 'Transfer-Encoding: chunked', '', '0', '', ''],
    'answer_invalid',
  ],
  ['a chunk without a size', [OK, 'Transfer-Encoding: chunked', '', 'zz', ''], 'unreachable'],
  ['a header with a line break', [OK, 'X: a\nContent-Length 5', '', ''], 'answer_invalid'],
  ['a length of 1 TB', [OK, 'Content-Length: 1000000000000', '', 'x'], 'too_large'],
  ['a chunk of 1 TB', [OK, 'Transfer-Encoding: chunked', '', 'E8D4A51000', 'x'.repeat(2_000)], 'too_large'],
  [
    'another protocol',
    ['HTTP/1.1 101 Switching Protocols', 'Upgrade: x', 'Connection: upgrade', '', ''],
    'answer_invalid',
  ],
  ['a part', ['HTTP/1.1 206 Partial Content', 'Content-Length: 1', '', 'x'], 'refused'],
] satisfies [string, string[], string][])('%s', async (_, lines, code) => {
  answer = says(...lines);
  expect(await outcome()).toBe(code);
});

test.each(['gzip', 'br', 'deflate', 'zstd', 'gzip, gzip'])(
  'a body in %s is not unfolded',
  async (encoding) => {
    const bomb = gzipSync(Buffer.alloc(100_000));
    answer = (socket) => {
      says(OK, `Content-Encoding: ${encoding}`, `Content-Length: ${bomb.length}`, '', '')(socket);
      socket.write(bomb);
    };
    expect(await outcome()).toBe('encoded');
  },
);

test('less than the announced length', async () => {
  answer = (socket) => {
    says(OK, 'Content-Length: 500', '', 'abc')(socket);
    socket.end();
  };
  expect(await outcome()).toBe('unreachable');
});

test('a second response after the first is never taken for the next one', async () => {
  answer = (socket, path) => {
    const first = says(OK, 'Content-Length: 5', '', path.padEnd(5).slice(0, 5));
    first(socket);
    says(OK, 'Content-Length: 5', '', 'smugg')(socket);
  };
  for (const path of ['/1', '/2', '/3', '/4']) expect((await outcome(path)).trim()).toBe(path);
});

test('an idle connection that the host has closed is reopened', async () => {
  answer = (socket) => {
    says(OK, 'Content-Length: 1', '', 'x')(socket);
    // Half of it: this side notices only when it writes.
    socket.once('data', () => socket.destroy());
  };
  expect(await outcome()).toBe('x');
  answer = says(OK, 'Content-Length: 1', '', 'y');
  expect(await outcome()).toBe('y');
});

/** Responses that never end: another piece always follows. */
const drip = (start: string[], piece: string) => (socket: Socket) => {
  says(...start)(socket);
  const timer = setInterval(() => socket.write(piece), 5);
  socket.on('close', () => clearInterval(timer));
};

test.each([
  ['a body of single bytes', drip([OK, 'Content-Length: 900', '', ''], 'x')],
  ['headers byte by byte', drip([OK, 'X: '], 'x')],
  ['provisional answers', drip([], 'HTTP/1.1 103 Early Hints\r\n\r\n')],
  ['chunk extensions', drip([OK, 'Transfer-Encoding: chunked', '', '1;'], 'x')],
  ['nothing', () => {}],
])('slowly: %s', async (_, slowly) => {
  answer = slowly;
  expect(await outcome('/', 300)).toBe('timed_out');
});

test('memory stays bounded for endless bodies', async () => {
  const piece = Buffer.alloc(64 * 1024);
  answer = (socket) => {
    says(OK, '', '')(socket);
    const write = (): void => {
      while (!socket.destroyed && socket.write(piece));
      if (!socket.destroyed) socket.once('drain', write);
    };
    write();
  };
  const before = process.memoryUsage().rss;
  for (let round = 0; round < 20; round++) {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => outcome()));
    expect(new Set(outcomes)).toEqual(new Set(['too_large']));
  }
  expect((process.memoryUsage().rss - before) / 1024 ** 2).toBeLessThan(100);
});

describe('a body that goes on until the connection ends is not taken for whole', () => {
  /** Of a body of which the host has sent one half. */
  async function outcomeWhen(
    cut: (all: { host: Socket; caller: AbortController; close: () => void }) => void,
    timeoutMs = 5_000,
  ): Promise<unknown> {
    const own = createOutbound({ allowedHosts: ['127.0.0.1'] });
    const caller = new AbortController();
    answer = (host) => {
      host.write('HTTP/1.1 200 OK\r\n\r\nhalf');
      setTimeout(() => cut({ host, caller, close: own.close }), 50);
    };
    const fetching = own.fetchBytes(origin, {
      accept: '*/*',
      timeoutMs,
      maxBytes: 1_000,
      signal: caller.signal,
    });
    return fetching.then(String, (error: unknown) => (error instanceof OutboundError ? error.reason : error));
  }

  test('but when the host ends it', async () => {
    expect(await outcomeWhen(({ host }) => void host.end('whole'))).toBe('halfwhole');
  });

  test('when it did not arrive in time', async () => {
    expect(await outcomeWhen(() => {}, 300)).toBe('timed_out');
  });

  test('when the host resets the connection', async () => {
    expect(await outcomeWhen(({ host }) => void host.resetAndDestroy())).toBe('unreachable');
  });

  test('when the caller gives up', async () => {
    const reason = new Error('enough');
    expect(await outcomeWhen(({ caller }) => caller.abort(reason))).toBe(reason);
  });

  test('when this process closes', async () => {
    expect(await outcomeWhen(({ close }) => close())).toBe('unreachable');
  });
});
