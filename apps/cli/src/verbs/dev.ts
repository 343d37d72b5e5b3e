import { isDeepStrictEqual } from 'node:util';
import { LarderError, shellWord } from '@larder/core';
import type { Manifest } from '@larder/features';
import type { Stack } from '@larder/infra/stack';
import { relative } from 'node:path';
import { z } from 'zod';
import type { Config } from '../config.ts';
import type { ChangeStores, PinnedModel } from '../dev/change-in-place.ts';
import { confirmPushed } from '../dev/confirm-pushed.ts';
import { openProject, type OpenedProject } from '../dev/open-project.ts';
import { createFileWatch } from '../dev/watch-files.ts';
import { envFileText } from '../env-file.ts';
import { portNumber } from '../input.ts';
import type { Output } from '../output/output.ts';
import { oneLine } from '../output/printable.ts';
import { DONE, problemOf, showError, shownError } from '../problem.ts';
import { missingConnections, printStack, stackJson } from '../stack/print-stack.ts';
import { alreadyRunning, startProjectStack } from '../stack/start-project-stack.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command
      .option('--port <n>', 'port for predictions [LARDER_PORT or 6570, or the next free one]')
      .addHelpText(
        'after',
        `
Like up, but on embedded stores only. Watches larder.config.ts, every module that it imports and the
folders of its artifacts; after a change it applies the definitions and restarts the apps with the new
code. You may change a view version as often as you like: its rows are set aside, so run its backfill
again; undo the change, and they are back (the last three sets of each view version are kept). Pushed
rows are set aside only after a typed yes. What is broken (a definition, a model, a query that its
source refuses) is reported before anything is touched, and the last good definitions keep running.
Ctrl-C stops everything. With --json, one line per event: ready, applied, unchanged, error.

Example:
  larder dev`,
      );
  },
  input: z.object({ port: portNumber.optional() }),
  async run({ config, out, signal }, { port }) {
    if (config.stack !== null) throw alreadyRunning(config);
    refuseOtherStores(config);
    if (config.envFile !== null) out.note(envFileText(config.envFile));
    const development = createDevelopment(config, { port, out, signal });
    try {
      await development.follow();
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await development.stop();
    }
    return DONE;
  },
});

/** @throws CONFIGURATION_INVALID */
function refuseOtherStores({ databaseUrl, redisUrl, queueRedisUrl, envFile }: Config): void {
  const given = Object.entries({
    LARDER_DATABASE_URL: databaseUrl,
    LARDER_REDIS_URL: redisUrl,
    LARDER_QUEUE_REDIS_URL: queueRedisUrl,
  }).flatMap(([name, url]) => (url === null ? [] : [name]));
  if (given.length === 0) return;
  const inFile = given.filter((name) => envFile?.names.includes(name) === true);
  const unset =
    envFile !== null && inFile.length > 0
      ? `Remove ${inFile.join(' and ')} from ${shellWord(envFile.path)}.`
      : `Unset: env ${given.map((name) => `-u ${name}`).join(' ')} larder dev.`;
  throw new LarderError(
    'CONFIGURATION_INVALID',
    `larder dev replaces the stored rows of every view that you change, so it only works on its own embedded stores, and ${given.join(', ')} ${given.length === 1 ? 'is' : 'are'} set. ` +
      `${unset} To work on those stores, use larder up and bump the version of each view that you change.`,
    { errors: given.map((name) => ({ pointer: `/${name}`, detail: 'is set' })) },
  );
}

interface Following {
  readonly port: number | undefined;
  readonly out: Output;
  readonly signal: AbortSignal;
}

interface Untold {
  readonly changes: string[];
  /** What became of the rows of changed view versions: there are none now, or earlier ones came back. */
  readonly rows: Map<string, 'forgotten' | 'restored'>;
}

function refOf({ view, version }: { readonly view: string; readonly version: number }): string {
  return `${view}@${version}`;
}

function pinnedText({ model, serves, newest, actor }: PinnedModel): string {
  return `${model} still answers with version ${serves}, as ${oneLine(actor)} promoted it; the edited one: npx larder promote ${model}@${newest} --yes --reason 'try the edit'`;
}

/** The loop of `larder dev`. */
function createDevelopment(config: Config, { port, out, signal }: Following) {
  const { projectPath } = config;
  const files = createFileWatch();
  let stack: Stack | null = null;
  /** What the apps run; null while they are stopped. */
  let running: Manifest | null = null;
  /** Changes while the apps were starting: they may have loaded them, or only some. */
  let overtaking: string[] | null = null;
  /** Changes applied since the apps were last ready. */
  let untold: Untold = { changes: [], rows: new Map() };
  return {
    async follow(): Promise<void> {
      await files.watch([projectPath]);
      for (let startedMs = performance.now(); ; startedMs = performance.now()) {
        await attempt(startedMs);
        const changed: string[] = overtaking ?? (await files.changed(signal));
        overtaking = null;
        out.note(out.style.dim(`changed: ${changed.map((path) => relative('', path)).join(', ')}`));
      }
    },
    async stop(): Promise<void> {
      if (stack === null) return;
      out.note('Stopping …');
      await stack.stop();
      out.note('Everything has stopped.');
    },
  };

  async function attempt(startedMs: number): Promise<void> {
    let project: OpenedProject | null = null;
    try {
      project = await openProject(projectPath, signal);
      const { manifest, problem } = project;
      await files.watch(project.files);
      if (problem !== null) throw new LarderError(problem.code, problem.message);
      if (manifest === null) throw new Error('A project without a problem has a manifest.');
      if (stack === null) await start(project, manifest);
      else if (isDeepStrictEqual(manifest, running)) sayUnchanged();
      else await restart(stack, project, { manifest, startedMs });
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      // The next attempt reads the files again and reports what this one applied.
      if (overtaking !== null) return;
      sayError(shownError(thrown));
    } finally {
      project?.close();
    }
  }

  /** Everything that can be refused, while whatever runs still runs. */
  async function prepare(
    project: OpenedProject,
    { databaseUrl, redisUrl }: Pick<ChangeStores, 'databaseUrl' | 'redisUrl'>,
  ): Promise<void> {
    const { artifacts, connections } = config;
    const { pushed, notes } = await project.prepare({ databaseUrl, redisUrl, artifacts, connections });
    for (const note of notes) out.note(out.style.yellow(note));
    await confirmPushed(pushed, { out, signal });
  }

  async function start(project: OpenedProject, manifest: Manifest): Promise<void> {
    stack = await startProjectStack(config, {
      port,
      out,
      signal,
      async prepare(stores) {
        await prepare(project, stores);
        const { changes, modelVersions } = await project.commit();
        return {
          name: manifest.project,
          changes,
          modelVersions,
          text: `Applied project ${manifest.project}.`,
        };
      },
    });
    if (stack === null) return;
    running = manifest;
    const started = stack;
    out.event({ event: 'ready', ...stackJson(started) }, () =>
      printStack(started, { manifest, config }, out),
    );
    for (const warning of missingConnections(manifest, config)) out.note(out.style.yellow(warning));
    out.note(out.style.dim('Watching the definitions; a changed view is applied in place.'));
  }

  async function restart(
    current: Stack,
    project: OpenedProject,
    { manifest, startedMs }: { readonly manifest: Manifest; readonly startedMs: number },
  ): Promise<void> {
    await prepare(project, current);
    running = null;
    let pinned: readonly PinnedModel[] = [];
    await untilOvertaken((overtaken) =>
      current.restartApps(async () => {
        const applied = await project.commit();
        ({ pinned } = applied);
        untold.changes.push(...applied.changes.map(({ text }) => text));
        for (const each of applied.forgotten) untold.rows.set(refOf(each), 'forgotten');
        for (const each of applied.restored) untold.rows.set(refOf(each), 'restored');
      }, overtaken),
    );
    running = manifest;
    const readyMs = Math.round(performance.now() - startedMs);
    const changes = [...new Set(untold.changes)];
    const { rows } = untold;
    const [forgotten, restored] = (['forgotten', 'restored'] as const).map((wanted) =>
      [...rows].flatMap(([ref, fate]) => (fate === wanted ? [ref] : [])),
    ) as [string[], string[]];
    untold = { changes: [], rows: new Map() };
    out.event({ event: 'applied', changes, forgotten, restored, pinned, ready_ms: readyMs }, () => {
      for (const line of changes) out.line(`  ${line}`);
      for (const ref of restored) out.line(`  Its rows of before are back: ${ref}`);
      for (const ref of forgotten) out.line(`  Compute it again: npx larder backfill ${ref}`);
      for (const each of pinned) out.line(`  ${out.style.yellow(pinnedText(each))}`);
      out.line(out.style.green(`ready in ${readyMs} ms`));
    });
  }

  /** Aborts the signal of `work` once a watched file changes: apps that load files newer than the applied ones never become ready. */
  async function untilOvertaken(work: (overtaken: AbortSignal) => Promise<void>): Promise<void> {
    const overtaken = new AbortController();
    const done = new AbortController();
    const looking = files.changed(AbortSignal.any([signal, done.signal])).then(
      (changed) => {
        overtaking = changed;
        overtaken.abort();
      },
      () => {},
    );
    try {
      await work(overtaken.signal);
    } finally {
      done.abort();
      await looking;
    }
  }

  function sayUnchanged(): void {
    out.event({ event: 'unchanged' }, () => out.line('No definition changed.'));
  }

  function sayError(error: LarderError): void {
    const goesOn = running === null ? 'Waiting for a change …' : 'The last good definitions keep running.';
    out.event({ event: 'error', problem: problemOf(error) }, () => {
      showError(error, out);
      out.note(out.style.dim(goesOn));
    });
  }
}
