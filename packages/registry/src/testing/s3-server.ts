import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import S3rver from '@20minutes/s3rver';

export interface S3Server {
  readonly endpoint: string;
  /** Address of the bucket `larder`, as a process is configured with. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A real S3-compatible server that checks signatures, with its data in this folder. */
export async function startS3Server(folder: string): Promise<S3Server> {
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: folder,
    configureBuckets: [{ name: 'larder' }],
  });
  const { port } = (await server.run()) as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    url: `s3://S3RVER:S3RVER@larder/team/models?endpoint=${endpoint}`,
    async stop() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
