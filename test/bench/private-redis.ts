import { resolve } from 'node:path';
import { openStateFolder, removeStateFolder, startEmbeddedRedis } from '@larder/infra';

export interface PrivateRedis {
  readonly url: string;
  stop(): Promise<void>;
}

/** An empty Redis for one benchmark, gone afterwards. */
export async function startPrivateRedis(
  settings: Readonly<Record<string, string>> = {},
): Promise<PrivateRedis> {
  const folder = openStateFolder(resolve(import.meta.dirname, '../..'), `bench-${process.pid}`);
  const redis = await startEmbeddedRedis(folder, { durable: false, settings });
  return {
    url: redis.url,
    async stop() {
      await redis.stop();
      removeStateFolder(folder);
    },
  };
}
