import { shellWord } from '@larder/core';
import type { Stack } from '@larder/infra/stack';
import type { FeatureViewManifest, Manifest } from '@larder/features';
import { connectionVariable } from '@larder/sources';
import type { Config } from '../config.ts';
import type { Output } from '../output/output.ts';

/** The addresses as JSON. */
export function stackJson(stack: Stack): object {
  return {
    project: stack.applied.name,
    pid: process.pid,
    inference_url: stack.inferenceUrl,
    worker_url: stack.workerUrl,
    database_url: stack.databaseUrl,
    redis_url: stack.redisUrl,
    logs: stack.logs,
    model_versions: stack.applied.modelVersions,
  };
}

interface Printed {
  readonly manifest: Manifest;
  readonly config: Pick<Config, 'connections'>;
}

export function printStack(stack: Stack, { manifest, config }: Printed, out: Output): void {
  const { style } = out;
  const view = Object.values(manifest.feature_views).find((each) => canBackfill(each, config));
  const [model] = Object.keys(manifest.models);
  const facts = [
    ['predictions', `${stack.inferenceUrl}  (/docs, /health/ready, /metrics)`],
    ['worker', `${stack.workerUrl}/metrics`],
    ['PostgreSQL', withoutPassword(stack.databaseUrl)],
    ['Redis', withoutPassword(stack.redisUrl)],
    ['logs', shellWord(stack.logs)],
  ] as const;
  out.line();
  out.line(style.bold(`Larder is up: project ${stack.applied.name}`));
  for (const [name, text] of facts) out.line(`  ${style.dim(name.padEnd(12))}${text}`);
  out.line('Next, in another terminal in this folder:');
  if (view) out.line(`  npx larder backfill ${view.name}`);
  if (view) out.line(`  npx larder entities ${view.entity}`);
  if (model) out.line(`  npx larder predict ${model} --help`);
  out.line('Ctrl-C stops everything.');
}

/** A backfill of the view can read its source. Events and pushed rows arrive by themselves. */
function canBackfill({ source }: FeatureViewManifest, { connections }: Pick<Config, 'connections'>): boolean {
  if (source.kind === 'push' || source.kind === 'events') return false;
  const { connection = null } = source as { connection?: string | null };
  return connection === null || connections[connection] !== undefined;
}

function withoutPassword(url: string): string {
  return url.replace(/(:\/\/[^/:@]*):[^@/]*@/, '$1:***@');
}

/** A sentence for each source without an address. */
export function missingConnections(manifest: Manifest, config: Config): string[] {
  return manifest.connections
    .filter((name) => config.connections[name] === undefined)
    .map(
      (name) =>
        `The source connection '${name}' has no address: backfills that read from it fail until you start this again with its address: ${connectionVariable(name)}=postgresql://user:password@host:5432/database.`,
    );
}
