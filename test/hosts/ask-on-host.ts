import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { NetworkHost } from './network-host.ts';

export interface AnswerOnHost {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: unknown;
}

const SCRIPT = `
const [url, authorization, body] = process.argv.slice(1);
const headers = { authorization, 'content-type': 'application/json' };
const answer = await fetch(url, body === undefined ? { headers } : { method: 'POST', headers, body });
console.log(JSON.stringify({ status: answer.status, retryAfter: answer.headers.get('retry-after'), body: await answer.json() }));
`;

const run = promisify(execFile);

/** Sends a request from the host itself, whose network may be away. */
export async function askOnHost(
  { within }: Pick<NetworkHost, 'within'>,
  url: string,
  { apiKey, body }: { readonly apiKey: string; readonly body?: unknown },
): Promise<AnswerOnHost> {
  const sent = body === undefined ? [] : [JSON.stringify(body)];
  const evaluated = ['--input-type=module', '-e', SCRIPT, url, `Bearer ${apiKey}`, ...sent];
  const [command, ...args] = [...within, process.execPath, ...evaluated];
  // Not `spawnSync`: the stores of the hosts are forwarded by this process.
  const { stdout } = await run(command as string, args);
  return JSON.parse(stdout) as AnswerOnHost;
}
