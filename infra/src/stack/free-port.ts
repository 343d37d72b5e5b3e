import { createServer } from 'node:net';

const PORTS_TRIED = 100;

/** The wanted TCP port, or the next one that nobody listens on. @throws Error when none of a hundred is free */
export async function freePort(host: string, wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + PORTS_TRIED && port <= 65_535; port++)
    if (await isFree(host, port)) return port;
  throw new Error(`No port from ${wanted} on is free on ${host}; name another one by --port or LARDER_PORT.`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else
        reject(
          new Error(
            `Port ${port} of ${host} cannot be listened on (${error.code ?? error.message}); name another one by --port, or another LARDER_HOST.`,
            { cause: error },
          ),
        );
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
