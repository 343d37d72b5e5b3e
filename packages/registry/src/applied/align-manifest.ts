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
} from '@larder/features';

/** Definitions on record: an applied manifest, or all view versions that were ever applied. */
export interface RecordedDefinitions {
  readonly feature_views: Readonly<Record<string, { readonly compute: ComputeManifest | null }>>;
  readonly on_demand_feature_views: Readonly<Record<string, { readonly code_sha256: string }>>;
}

/** The stored sources of a subject's recorded code (`view ad_text@1`, `on-demand view moment`); null: none are stored. */
export type ReadSources = (subject: string) => Promise<CodeSources | null>;

export interface Alignment {
  /** The project's manifest, with the recorded identity and fingerprint wherever the code is the same. */
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
  readSources?: ReadSources,
): Promise<Manifest> {
  return (await alignCode(recorded, project, readSources)).manifest;
}

/** The same, and says what differs in the code that is not recognised. */
export async function alignCode(
  recorded: RecordedDefinitions | null,
  { manifest, code }: Pick<LoadedProject, 'manifest' | 'code'>,
  readSources: ReadSources = () => Promise.resolve(null),
): Promise<Alignment> {
  const differences = new Map<string, readonly string[]>();
  const recognise = async (subject: string, unit: CodeUnit | undefined, known: string | null | undefined) => {
    if (unit === undefined || known === null || known === undefined) return null;
    if (unit.identity === known || (await legacyOf(unit, known)) === known) return known;
    const was = await readSources(subject);
    if (was === null) return null;
    if ((await identityOfSources(was)) === unit.identity) return known;
    differences.set(subject, await compareSources(was, await unit.sources()));
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
