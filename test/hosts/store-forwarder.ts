import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP port in front of a store that listens on a unix socket, for one host. */
export interface StoreForwarder {
  readonly port: number;
  /** Connections stay open, new ones are accepted, and nothing arrives: a network that lost a link. */
  silence(): void;
  restore(): void;
  close(): Promise<void>;
}

export async function startStoreForwarder(socketPath: string, host: string): Promise<StoreForwarder> {
  const pairs = new Map<Socket, Socket>();
  let silent = false;
  const server = createServer((near) => {
    const far = connect(socketPath);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      pairs.set(socket, other);
      socket.on('error', () => {});
      socket.on('close', () => {
        pairs.delete(socket);
        other.destroy();
      });
      if (!silent) socket.pipe(other);
    }
  });
  await once(server.listen(0, host), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    silence() {
      silent = true;
      for (const socket of pairs.keys()) socket.unpipe().pause();
    },
    restore() {
      silent = false;
      for (const [socket, other] of pairs) socket.pipe(other);
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of pairs.keys()) socket.destroy();
      await closed;
    },
  };
}
