import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy to Redis on which a test can lose single connections: they stay open, but carry nothing any more. */
export interface RedisProxy {
  readonly url: string;
  /** Loses the connections that this text went through, such as their names. @returns how many */
  silence(text: string): number;
  /** Loses them and all that open later. */
  silenceForever(text: string): void;
  close(): Promise<void>;
}

interface Passage {
  readonly near: Socket;
  readonly far: Socket;
  sent: string;
  silent: boolean;
}

/** Enough for a greeting with the connection's name. */
const REMEMBERED = 2_000;

export async function startRedisProxy(redisUrl: string): Promise<RedisProxy> {
  const passages = new Set<Passage>();
  const lost: string[] = [];
  const server = createServer((near) => {
    const far = connect(decodeURIComponent(new URL(redisUrl).pathname));
    const passage: Passage = { near, far, sent: '', silent: false };
    passages.add(passage);
    near.on('data', (bytes) => {
      if (passage.sent.length < REMEMBERED) passage.sent += bytes.toString('latin1');
      if (lost.some((text) => passage.sent.includes(text))) passage.silent = true;
      if (!passage.silent) far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (!passage.silent) near.write(bytes);
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const)
      socket
        .on('error', () => {})
        .on('close', () => {
          passages.delete(passage);
          other.destroy();
        });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const silence = (text: string): number => {
    const found = [...passages].filter((passage) => passage.sent.includes(text) && !passage.silent);
    for (const passage of found) passage.silent = true;
    return found.length;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    silence,
    silenceForever(text) {
      lost.push(text);
      silence(text);
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const { near, far } of passages) for (const socket of [near, far]) socket.destroy();
      await closed;
    },
  };
}
