import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DeployStores, Release } from './deploy-project.ts';

/** Inference processes behind a balancer that sends traffic to those that are ready. */
export interface Fleet {
  /** Addresses that take traffic now. */
  urls(): readonly string[];
  /** Sends a request to the next of them, as a balancer does: a process is stopped once its requests are answered. */
  send<T>(request: (url: string) => Promise<T>): Promise<T>;
  /** Replaces every process by one with the code of `release`: the new one is ready before the old one is stopped. */
  replace(release: Release): Promise<void>;
  close(): Promise<void>;
}

const MAIN = resolve(import.meta.dirname, '../../apps/inference/src/main.ts');
const START_TIMEOUT_MS = 60_000;

interface Member {
  readonly url: string;
  readonly child: ChildProcess;
  readonly requests: Set<Promise<unknown>>;
}

export async function startFleet(
  size: number,
  options: { readonly release: Release; readonly stores: DeployStores },
): Promise<Fleet> {
  const { stores } = options;
  const members: Member[] = [];
  let next = 0;
  for (let started = 0; started < size; started++) members.push(await start(options.release, stores));
  return {
    urls: () => members.map(({ url }) => url),
    async send(request) {
      const member = members[next++ % members.length] as Member;
      const sent = request(member.url);
      member.requests.add(sent);
      return sent.finally(() => member.requests.delete(sent));
    },
    async replace(release) {
      for (let at = 0; at < members.length; at++) {
        const before = members[at] as Member;
        members[at] = await start(release, stores);
        await Promise.allSettled(before.requests);
        await stop(before);
      }
    },
    async close() {
      await Promise.all(members.map(stop));
    },
  };
}

async function start(release: Release, stores: DeployStores): Promise<Member> {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      LARDER_PROJECT: release.configPath,
      LARDER_DATABASE_URL: stores.databaseUrl,
      LARDER_REDIS_URL: stores.redisUrl,
      LARDER_CACHE_FOLDER: stores.cacheFolder,
      LARDER_PORT: '0',
    },
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  const endsAtMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const url = /"url":"([^"]+)"/.exec(output)?.[1];
    if (url !== undefined && (await isReady(url))) return { url, child, requests: new Set() };
    if (child.exitCode !== null || performance.now() > endsAtMs) {
      child.kill('SIGKILL');
      throw new Error(`A process did not start:\n${output}`);
    }
    await delay(50);
  }
}

async function isReady(url: string): Promise<boolean> {
  return (await fetch(`${url}/health/ready`)).ok;
}

async function stop({ child }: Member): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
