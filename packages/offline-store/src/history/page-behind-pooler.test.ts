import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { createOfflineStore, ensureHistory, readNewestRowsPage } from '../index.ts';
import { project, silent, test, view } from '../testing/store.ts';

/** Calls for every message of the server, with its type and body. */
function onMessages(socket: Socket, heard: (type: string, message: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 5 && rest.length >= 1 + rest.readInt32BE(1)) {
      const end = 1 + rest.readInt32BE(1);
      const message = rest.subarray(0, end);
      rest = rest.subarray(end);
      heard(message.toString('latin1', 0, 1), message);
    }
  });
}

/** As a pooler of transactions does: every transaction of a connection gets the other one of two sessions. */
async function startPooler(databaseUrl: string): Promise<string> {
  const target = new URL(databaseUrl.replace('@/', '@localhost/'));
  const path = `${target.searchParams.get('host')}/.s.PGSQL.${target.searchParams.get('port') ?? (target.port || '5432')}`;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const sessions = [connect(path), connect(path)] as const;
    let turn = 0;
    let ready = -2;
    let isIdle = false;
    for (const socket of [client, ...sessions]) {
      sockets.add(socket.on('error', () => {}));
      socket.on('close', () => [client, ...sessions].forEach((each) => each.destroy()));
    }
    for (const [at, session] of sessions.entries())
      onMessages(session, (type, message) => {
        const isReady = type === 'Z';
        if (ready < 0) {
          // Both greet; the client hears the first one, once both are ready.
          if (isReady) ready++;
          if (at === 0 && !isReady) client.write(message);
          if (ready === 0) client.write(Buffer.from('Z\0\0\0\u0005I', 'latin1'));
          isIdle = ready === 0;
          return;
        }
        if (isReady) isIdle = message.toString('latin1', 5, 6) === 'I';
        client.write(message);
      });
    client.on('data', (bytes: Buffer) => {
      if (ready < 0) return sessions.forEach((session) => session.write(bytes));
      if (isIdle) turn = 1 - turn;
      isIdle = false;
      sessions[turn]?.write(bytes);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return `postgresql://${target.username || 'larder'}@127.0.0.1:${port}${target.pathname}`;
}

test('a slow page behind a pooler of transactions is not taken for one of a server that hangs', async ({
  database,
  store: direct,
}) => {
  const store = createOfflineStore({ databaseUrl: await startPooler(database.url), logger: silent });
  onTestFinished(() => store.close());
  const pooled = view('pooled', [{ name: 'n', type: 'float64' }]);
  await ensureHistory(direct, project, pooled);
  const holder = await direct.pool.connect();
  await holder.query('begin; lock table shop_history.pooled_v1');
  let looks = 0;
  const asked = store.pool.query.bind(store.pool) as (...args: unknown[]) => unknown;
  Object.assign(store.pool, {
    query: (...args: unknown[]) => {
      looks++;
      return asked(...args);
    },
  });
  const page = readNewestRowsPage(store, {
    project,
    view: pooled,
    after: null,
    limit: 10,
    notBeforeMs: null,
    landedSince: null,
    lookMs: 1_000,
  });
  let failed: unknown = null;
  page.catch((error: unknown) => (failed = error));
  await expect.poll(() => failed !== null || looks > 4, { timeout: 60_000 }).toBe(true);
  await holder.query('rollback');
  holder.release();
  expect(failed).toBe(null);
  expect((await page).length).toBeGreaterThan(0);
});
