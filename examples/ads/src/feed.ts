import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import { writeAtomically } from './pictures/write-atomically.ts';

export interface FeedOptions {
  /** Folder that `drawPictures` filled. */
  readonly folder: string;
  /** @default the previous port (picture addresses are an input of the computation), otherwise a free one */
  readonly port?: number;
}

export interface Feed {
  /** `http://127.0.0.1:<port>`; an ad's picture is at `<url>/creatives/<ad_id>.<jpg|png|webp>`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the creatives of a folder over HTTP on the loopback address, as an advertiser's server would. */
export async function startFeed(options: FeedOptions): Promise<Feed> {
  const app = express();
  app.disable('x-powered-by');
  app.use(
    '/creatives',
    express.static(join(options.folder, 'creatives'), { index: false, dotfiles: 'ignore' }),
  );
  const server = createServer(app);
  if (options.port === undefined) await listenWhereLastTime(server, options.folder);
  else await listen(server, options.port);
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listenWhereLastTime(server: Server, folder: string): Promise<void> {
  const file = join(folder, 'feed-port');
  const last = Number(await readFile(file, 'utf8').catch(() => '0'));
  try {
    await listen(server, last);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    await listen(server, 0);
  }
  if (portOf(server) !== last) await writeAtomically(file, `${portOf(server)}\n`);
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
