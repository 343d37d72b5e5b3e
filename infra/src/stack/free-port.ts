import { createServer, type AddressInfo } from 'node:net';
import { cannotListen } from '@larder/core';

const PORTS_TRIED = 100;

/** The wanted TCP port, or the next one that nobody listens on; for 0 any free one. @throws Error when none of a hundred is free */
export async function freePort(host: string, wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + PORTS_TRIED && port <= 65_535; port++) {
    const free = await listen(host, port);
    if (free !== null) return free;
  }
  throw new Error(
    `No port from ${wanted} on is free on ${host}; choose another one with --port or LARDER_PORT.`,
  );
}

/** Listens for a moment. @returns the port; null when it is taken */
function listen(host: string, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(cannotListen({ host, port, setting: 'LARDER_PORT' }, error));
    });
    server.listen({ host, port, exclusive: true }, () => {
      const { port: free } = server.address() as AddressInfo;
      server.close(() => resolve(free));
    });
  });
}
