import { createInterface } from 'node:readline/promises';
import { dirname } from 'node:path';
import { isLarderError, LarderError } from '@larder/core';
import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { countPushedRows } from '@larder/materialization/push';
import { alignSources, appliedManifest, planManifest } from '@larder/registry';
import { createSources } from '@larder/sources';
import type { Config } from '../config.ts';
import type { Output } from '../output/output.ts';
import { LENIENCY, withOfflineStore, type DevelopmentStores } from './development-stores.ts';

export interface CheckChangeOptions {
  readonly config: Pick<Config, 'projectPath' | 'connections'>;
  readonly out: Output;
  readonly signal: AbortSignal;
}

/**
 * Checks what a change needs while everything still runs: the query of each new or changed view against its source, and
 * that no pushed row is set aside without a typed yes.
 * @throws SOURCE_QUERY_INVALID, DESTRUCTIVE_CHANGE: then nothing was touched
 */
export async function checkChange(
  stores: Pick<DevelopmentStores, 'databaseUrl'>,
  edited: Manifest,
  options: CheckChangeOptions,
): Promise<void> {
  const pushed = await withOfflineStore(stores, async (store) => {
    const known = (await appliedManifest(store, edited.project))?.manifest ?? null;
    const manifest = alignSources(known, edited);
    const applied = known?.feature_views ?? {};
    const changed = Object.entries(manifest.feature_views).filter(
      ([ref, { fingerprint }]) => applied[ref]?.fingerprint !== fingerprint,
    );
    await checkSources(
      changed.map(([, view]) => view),
      manifest,
      options,
    );
    const { project, forgotten } = await planManifest(store, manifest, LENIENCY);
    const found: PushedRows[] = [];
    for (const { view, version, takesPushes } of forgotten) {
      const rows = takesPushes ? await countPushedRows(store, { project, view, version }) : 0;
      if (rows > 0) found.push({ ref: viewRef({ name: view, version }), rows });
    }
    return found;
  });
  if (pushed.length > 0 && !(await isTypedYes(pushed, options))) throw refusal(pushed);
}

/** A source that does not answer, or has no address here, stops nobody from working on the rest. */
async function checkSources(
  views: readonly FeatureViewManifest[],
  manifest: Manifest,
  { config, out, signal }: CheckChangeOptions,
): Promise<void> {
  const sources = createSources({
    root: dirname(config.projectPath),
    connections: config.connections,
    maxConnections: Math.max(1, views.length),
  });
  try {
    await Promise.all(
      views.map(async (view) => {
        const entity = manifest.entities[view.entity];
        if (entity === undefined) throw new Error(`The manifest has no entity ${view.entity}.`);
        try {
          const found = await (await sources.open(view, entity)).check(signal);
          if (found.status !== 'ok')
            out.note(out.style.yellow(`${viewRef(view)}: ${found.detail} ${found.fix}`));
        } catch (error) {
          if (!isLarderError(error)) throw error;
          if (error.code === 'SOURCE_NOT_CONFIGURED') return;
          throw new LarderError(error.code, `${viewRef(view)}: ${error.message}`, { cause: error });
        }
      }),
    );
  } finally {
    await sources.close();
  }
}

interface PushedRows {
  readonly ref: string;
  readonly rows: number;
}

async function isTypedYes(
  pushed: readonly PushedRows[],
  { out, signal }: CheckChangeOptions,
): Promise<boolean> {
  if (!out.interactive || !process.stdin.isTTY || out.json) return false;
  for (const line of linesOf(pushed)) out.note(line);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question('They are set aside by this change. Type yes to go on: ', {
      signal,
    });
    return answer.trim() === 'yes';
  } finally {
    asking.close();
  }
}

function refusal(pushed: readonly PushedRows[]): LarderError {
  return new LarderError(
    'DESTRUCTIVE_CHANGE',
    `Nothing was changed. ${linesOf(pushed).join(' ')} Undo the edit, give the view a new version, or type yes when larder dev asks in a terminal.`,
    {
      errors: pushed.map(({ ref, rows }) => ({
        pointer: `/feature_views/${ref}`,
        detail: `holds ${rows} pushed rows`,
      })),
    },
  );
}

function linesOf(pushed: readonly PushedRows[]): string[] {
  return pushed.map(
    ({ ref, rows }) =>
      `${ref} holds ${rows} pushed ${rows === 1 ? 'row' : 'rows'}, which no backfill can bring back after a change of its definition.`,
  );
}
