import { extname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { fingerprint, storedInputs, type JsonValue, type Manifest } from '@larder/features';
import type { PredictingVersion, PredictionModels } from '@larder/materialization/predictions';
import type { OfflineStore } from '@larder/offline-store';
import { openModelContent, readRevision, type ArtifactStore, type RegistryRevision } from '@larder/registry';
import type { PredictionOptions } from './prediction-computation.ts';

const MODULE = new URL(`./prediction-computation${extname(import.meta.filename)}`, import.meta.url).href;

export interface PredictionModelsDeps {
  readonly store: OfflineStore;
  readonly artifacts: Pick<ArtifactStore, 'get'>;
  readonly project: string;
}

/** The versions of models on record, read again when the registry changed. */
export function createPredictionModels(deps: PredictionModelsDeps): PredictionModels {
  const { store, project } = deps;
  let revision: RegistryRevision | null = null;
  let opened = new Map<string, Promise<PredictingVersion>>();

  async function open(model: string, version?: number): Promise<PredictingVersion> {
    const now = await readRevision(store, project);
    if (!isDeepStrictEqual(now, revision)) {
      revision = now;
      opened = new Map();
    }
    const key = `${model}@${version ?? ''}`;
    const known = opened.get(key) ?? openVersion(deps, model, version);
    opened.set(key, known);
    const there = opened;
    // What failed is tried again.
    known.catch(() => there.delete(key));
    return known;
  }

  return { live: (model) => open(model), at: open };
}

async function openVersion(
  { store, artifacts, project }: PredictionModelsDeps,
  model: string,
  asked: number | undefined,
): Promise<PredictingVersion> {
  const { content, manifest, version } = await openModelContent(store, {
    project,
    model,
    version: asked?.toString(),
  });
  const code = await Promise.all(
    Object.entries(content.bundles).map(
      async ([name, sha256]) => [name, (await artifacts.get(sha256)).toString()] as const,
    ),
  );
  const options: Omit<PredictionOptions, 'request'> = {
    model,
    version,
    manifest,
    code: Object.fromEntries(code),
  };
  return {
    version,
    views: storedInputs(manifest, model),
    computation: {
      id: `${version} ${fingerprint(manifest)}`,
      moduleUrl: MODULE,
      options: options as unknown as Record<string, JsonValue>,
      artifacts: { model: artifactOf(manifest, model) },
    },
  };
}

function artifactOf({ models }: Manifest, model: string): string {
  const found = models[model];
  if (found === undefined) throw new Error(`The content of ${model} lacks it.`);
  return found.artifact.sha256;
}
