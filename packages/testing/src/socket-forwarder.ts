import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP port in front of a store that listens on a unix socket, which a test can cut: real connections, real refusals. */
export interface SocketForwarder {
  readonly port: number;
  /** Breaks every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Keeps connections open, accepts new ones and lets nothing through: a stopped server, or a lost network. */
  silence(): void;
  /** Open connections stay open but never carry data again; new ones work. */
  loseConnections(): void;
  /** After `cut`: accepts connections again. After `silence`: what was held back arrives. */
  restore(): Promise<void>;
}

export async function startSocketForwarder(socketPath: string, host = '127.0.0.1'): Promise<SocketForwarder> {
  /** Every open socket, with the socket it forwards to. */
  const sockets = new Map<Socket, Socket>();
  const lost = new Set<Socket>();
  let silent = false;
  const server = createServer((near) => {
    const far = connect(socketPath);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.set(socket, other);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        lost.delete(socket);
        other.destroy();
      });
      if (!silent) socket.pipe(other);
    }
  });
  await once(server.listen(0, host), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async cut() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of [...sockets.keys(), ...lost]) socket.destroy();
      await closed;
    },
    silence() {
      silent = true;
      for (const socket of sockets.keys()) socket.unpipe().pause();
    },
    loseConnections() {
      for (const socket of sockets.keys()) lost.add(socket.unpipe().pause());
      sockets.clear();
    },
    async restore() {
      if (silent) for (const [socket, other] of sockets) socket.pipe(other);
      silent = false;
      if (!server.listening) await once(server.listen(port, host), 'listening');
    },
  };
}
