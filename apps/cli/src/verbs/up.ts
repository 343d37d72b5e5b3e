import { once } from 'node:events';
import { LarderError, isLarderError } from '@larder/core';
import { runningStack, stackFilePath } from '@larder/infra/stack-file';
import { startStack, type Stack } from '@larder/infra/stack';
import type { Manifest } from '@larder/features';
import { connectionVariable } from '@larder/sources';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Config } from '../config.ts';
import type { Output } from '../output/output.ts';
import { DONE } from '../problem.ts';
import { defineVerb } from '../verb.ts';

const MESSAGE = 'must be a port from 1 to 65535';

export const verb = defineVerb({
  describe(command) {
    command
      .option('--port <n>', 'where predictions are answered [LARDER_PORT or 6570, or the next free one]')
      .addHelpText(
        'after',
        `
Starts PostgreSQL and Redis where no address is configured, applies the project, starts inference
and worker, starts again what dies, and stops all of it on Ctrl-C. Data and logs are in
.larder/stack beside larder.config.ts; while it runs, the other verbs find it by themselves.

Example:
  larder up --port 7000`,
      );
  },
  input: z.object({
    port: z.coerce.number(MESSAGE).pipe(z.int(MESSAGE).min(1, MESSAGE).max(65_535, MESSAGE)).optional(),
  }),
  async run({ config, out, project, signal }, { port }) {
    if (config.stack !== null) throw alreadyRunning(config);
    const { manifest } = await project();
    const stack = await start(config, { port: port ?? config.port ?? undefined, out, signal });
    if (stack === null) return DONE;
    out.answer(answerOf(stack), () => printAddresses(stack, manifest, out));
    for (const warning of missingConnections(manifest, config)) out.note(out.style.yellow(warning));
    if (!signal.aborted) await once(signal, 'abort');
    out.note('Stopping …');
    await stack.stop();
    out.note('Everything is stopped.');
    return DONE;
  },
});

interface StartOptions {
  readonly port: number | undefined;
  readonly out: Output;
  readonly signal: AbortSignal;
}

/** Null when it was stopped while starting. @throws STACK_NOT_STARTED, and what applying the project throws */
async function start(config: Config, { port, out, signal }: StartOptions): Promise<Stack | null> {
  try {
    return await startStack({
      project: config.projectPath,
      ...(config.databaseUrl !== null && { databaseUrl: config.databaseUrl }),
      ...(config.redisUrl !== null && { redisUrl: config.redisUrl }),
      ...(config.queueRedisUrl !== null && { queueRedisUrl: config.queueRedisUrl }),
      ...(config.host !== null && { host: config.host }),
      ...(port !== undefined && { port }),
      env: Object.fromEntries(
        Object.entries(config.connections).map(([name, url]) => [connectionVariable(name), url]),
      ),
      onProgress: (message) => out.note(message),
      signal,
    });
  } catch (error) {
    if (signal.aborted) return null;
    if (isLarderError(error)) throw error;
    if (runningStack(dirname(config.projectPath)) !== null) throw alreadyRunning(config);
    throw new LarderError('STACK_NOT_STARTED', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

function alreadyRunning({ stack, projectPath }: Config): LarderError {
  const running = stack ?? runningStack(dirname(projectPath));
  const where = running?.addresses ? ` at ${running.addresses.inferenceUrl}` : '';
  const pid = running?.pid ?? '';
  return new LarderError(
    'STACK_NOT_STARTED',
    `A stack of this project is running already${where} (pid ${pid}). Use it, or end it first: Ctrl-C where it runs, or kill ${pid}. ` +
      `If no such process is Larder's, remove ${stackFilePath(dirname(projectPath))}.`,
  );
}

function answerOf(stack: Stack): object {
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

function printAddresses(stack: Stack, manifest: Manifest, out: Output): void {
  const { style } = out;
  const [view] = Object.values(manifest.feature_views);
  const [model] = Object.keys(manifest.models);
  const facts = [
    ['predictions', `${stack.inferenceUrl}  (/docs, /health/ready, /metrics)`],
    ['worker', `${stack.workerUrl}/metrics`],
    ['PostgreSQL', withoutPassword(stack.databaseUrl)],
    ['Redis', withoutPassword(stack.redisUrl)],
    ['logs', stack.logs],
  ] as const;
  out.line();
  out.line(style.bold(`Larder is up: project ${stack.applied.name}`));
  for (const [name, text] of facts) out.line(`  ${style.dim(name.padEnd(12))}${text}`);
  out.line('Next, in another terminal in this folder:');
  if (view) out.line(`  larder backfill ${view.name}`);
  if (view) out.line(`  larder keys ${view.entity}`);
  if (model) out.line(`  larder predict ${model} --help`);
  out.line('Ctrl-C stops all of it.');
}

function withoutPassword(url: string): string {
  return url.replace(/(:\/\/[^/:@]*):[^@/]*@/, '$1:***@');
}

function missingConnections(manifest: Manifest, config: Config): string[] {
  return manifest.connections
    .filter((name) => config.connections[name] === undefined)
    .map(
      (name) =>
        `The source connection '${name}' has no address: backfills that read from it fail until ${connectionVariable(name)} is set and larder up is started again.`,
    );
}
