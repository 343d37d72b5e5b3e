import { createHash } from 'node:crypto';
import {
  compareSources,
  identityOfSources,
  viewFingerprint,
  type CodeSources,
  type CodeUnit,
  type ComputeManifest,
  type FeatureViewManifest,
  type LoadedProject,
  type Manifest,
  type OnDemandFeatureViewManifest,
  type SourceManifest,
} from '@larder/features';
import { alignSources, type RecordedViews } from './align-sources.ts';

/** Definitions on record: an applied manifest, or all view versions that were ever applied. */
export interface RecordedDefinitions extends RecordedViews {
  readonly feature_views: Readonly<
    Record<string, { readonly compute: ComputeManifest | null; readonly source: SourceManifest }>
  >;
  readonly on_demand_feature_views: Readonly<Record<string, { readonly code_sha256: string }>>;
}

/** Sources that are stored of some code. */
export interface RecordedSources {
  /** The identity under which the code is on record. */
  readonly identity: string;
  /** Of the stored JSON. */
  readonly sha256: string;
  /** Null when the artifact store lost them. */
  read(): Promise<CodeSources | null>;
}

/** The sources of a subject (`view ad_text@1`, `on-demand view moment`); null: none are stored. */
export type FindSources = (subject: string) => RecordedSources | null;

export interface Alignment {
  /** The project's manifest, with what is recorded wherever code and source mean the same. */
  readonly manifest: Manifest;
  /** By subject: what differs in code that changed, as far as its sources are stored. */
  readonly differences: ReadonlyMap<string, readonly string[]>;
}

/**
 * Recognises code on record in the loaded project. An identity by another algorithm, an earlier release or another
 * version of the bundler then changes nothing: no version has to be bumped, and workers of both releases claim the same
 * fingerprints.
 */
export async function alignManifest(
  recorded: RecordedDefinitions | null,
  project: Pick<LoadedProject, 'manifest' | 'code'>,
  findSources?: FindSources,
): Promise<Manifest> {
  return (await alignCode(recorded, project, findSources)).manifest;
}

/** The same, and says what differs in the code that is not recognised. */
export async function alignCode(
  recorded: RecordedDefinitions | null,
  { manifest: loaded, code }: Pick<LoadedProject, 'manifest' | 'code'>,
  findSources: FindSources = () => null,
): Promise<Alignment> {
  const manifest = alignSources(recorded, loaded);
  const differences = new Map<string, readonly string[]>();
  const recognise = async (subject: string, unit: CodeUnit | undefined, known: string | null | undefined) => {
    if (unit === undefined || known === null || known === undefined) return null;
    if (unit.identity === known) return known;
    const stored = findSources(subject);
    if (stored?.identity !== known) return (await legacyOf(unit, known)) === known ? known : null;
    const now = await unit.sources();
    if (sha256(JSON.stringify(now)) === stored.sha256) return known;
    const was = await stored.read();
    if (was === null) return null;
    // What this release cannot parse is not what it has loaded.
    if ((await identityOfSources(was).catch(() => null)) === unit.identity) return known;
    differences.set(subject, await compareSources(was, now).catch(() => []));
    return null;
  };
  const viewAligned = async (ref: string, view: FeatureViewManifest): Promise<FeatureViewManifest> => {
    const known = recorded?.feature_views[ref]?.compute?.code_sha256;
    const same = await recognise(`view ${ref}`, code.computations.get(ref), known);
    const entity = manifest.entities[view.entity];
    if (same === null || view.compute === null || entity === undefined) return view;
    const compute = { ...view.compute, code_sha256: same };
    return { ...view, compute, fingerprint: viewFingerprint(entity, { ...view, compute }) };
  };
  const onDemandAligned = async (name: string, view: OnDemandFeatureViewManifest) => {
    const known = recorded?.on_demand_feature_views[name]?.code_sha256;
    const same = await recognise(`on-demand view ${name}`, code.onDemand.get(name), known);
    return same === null ? view : { ...view, code_sha256: same };
  };
  const [views, onDemand] = await Promise.all([
    alignEach(manifest.feature_views, viewAligned),
    alignEach(manifest.on_demand_feature_views, onDemandAligned),
  ]);
  return { manifest: { ...manifest, feature_views: views, on_demand_feature_views: onDemand }, differences };
}

async function alignEach<D>(
  definitions: Readonly<Record<string, D>>,
  align: (key: string, definition: D) => Promise<D>,
): Promise<Record<string, D>> {
  return Object.fromEntries(
    await Promise.all(
      Object.entries(definitions).map(async ([key, definition]) => [key, await align(key, definition)]),
    ),
  ) as Record<string, D>;
}

/** Only a bare hash can be one of an earlier release. */
async function legacyOf(unit: CodeUnit, known: string): Promise<string | null> {
  return known.includes(':') ? null : unit.legacySha256();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
