import { resolve } from 'node:path';
import { LarderError } from '@larder/core';
import { artifactFolder, type LoadedProject, type Manifest } from '@larder/features';
import type { RecordedCode } from '../applied/recorded-code.ts';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';

/** An artifact of the loaded project. */
export interface LocalArtifact {
  /** As the definition wrote it. */
  readonly path: string;
  readonly folder: string;
}

/** Every artifact of the loaded project by its hash. */
export function localArtifacts(project: LoadedProject, manifest: Manifest): Map<string, LocalArtifact> {
  const local = new Map<string, LocalArtifact>();
  for (const { artifact } of Object.values(manifest.models))
    local.set(artifact.sha256, { path: artifact.path, folder: resolve(project.root, artifact.path) });
  for (const [ref, { compute }] of Object.entries(manifest.feature_views)) {
    const declared = project.featureViews.get(ref)?.compute?.artifacts ?? {};
    for (const [name, { path, sha256 }] of Object.entries(compute?.artifacts ?? {})) {
      const folder = declared[name] === undefined ? null : artifactFolder(declared[name], project.root);
      if (folder !== null) local.set(sha256, { path, folder });
    }
  }
  return local;
}

/**
 * Stores what the artifact store lacks; with `all`, looks into every artifact, for one that is there and lost a file.
 * @throws ARTIFACT_INVALID when a folder is not the one that was planned with
 */
export async function publishArtifacts(
  artifacts: ArtifactStore,
  local: ReadonlyMap<string, LocalArtifact>,
  { all = false } = {},
): Promise<void> {
  const known = all ? new Set() : await artifacts.has([...local.keys()]);
  for (const [sha256, { path, folder }] of local) {
    if (known.has(sha256)) continue;
    const stored = await artifacts.putFolder(folder);
    if (stored !== sha256)
      throw new LarderError(
        'ARTIFACT_INVALID',
        `${path} changed while it was applied; apply again when nothing writes into it.`,
      );
  }
}

/** Stores the bundle of each of these on-demand views. @returns SHA-256 by name @throws NATIVE_MODULE, BUNDLE_IMPOSSIBLE */
export async function publishBundles(
  artifacts: ArtifactStore,
  { code }: Pick<LoadedProject, 'code'>,
  views: Iterable<string>,
): Promise<Record<string, string>> {
  const bundles: Record<string, string> = {};
  for (const view of views) {
    const unit = code.onDemand.get(view);
    if (unit === undefined) continue;
    bundles[view] = await artifacts.put(Buffer.from(await unit.bundle()));
  }
  return bundles;
}

/** Stores the sources of code that is not on record yet. @returns what is on record afterwards */
export async function publishSources(
  artifacts: ArtifactStore,
  {
    project,
    aligned,
    recorded,
  }: { project: LoadedProject; aligned: Manifest; recorded: RecordedCode | null },
): Promise<RecordedCode> {
  const entries = Object.entries(recorded ?? {});
  // sources of what was dropped long ago may have been collected
  const kept = await artifacts.has(entries.map(([, { sources_sha256: sources }]) => sources));
  const code = Object.fromEntries(entries.filter(([, { sources_sha256: sources }]) => kept.has(sources)));
  for (const { subject, unit, identity } of projectCode(project, aligned)) {
    if (code[subject]?.identity === identity) continue;
    const sources = await artifacts.put(Buffer.from(JSON.stringify(await unit.sources())));
    code[subject] = { identity, sources_sha256: sources };
  }
  return code;
}

function projectCode({ code }: LoadedProject, aligned: Manifest) {
  const computations = [...code.computations].flatMap(([ref, unit]) => {
    const identity = aligned.feature_views[ref]?.compute?.code_sha256;
    return identity ? [{ subject: `view ${ref}`, unit, identity }] : [];
  });
  const onDemand = [...code.onDemand].flatMap(([name, unit]) => {
    const identity = aligned.on_demand_feature_views[name]?.code_sha256;
    return identity ? [{ subject: `on-demand view ${name}`, unit, identity }] : [];
  });
  return [...computations, ...onDemand];
}
