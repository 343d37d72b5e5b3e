import {
  definitionFingerprint,
  viewRef,
  type EntityManifest,
  type EventSourceManifest,
  type FeatureViewManifest,
  type LoadedProject,
  type Manifest,
} from '@larder/features';
import type { ComputableView, EventTimes, HistoryProject } from '@larder/offline-store';
import { eventSourceView } from '../events/event-source-view.ts';
import type { LoadedView } from '../runs/index.ts';
import { createSources, type OpenHistory, type OpenModelRows, type RowSource } from '@larder/sources';

/** A view version whose code this process has, with everything needed to materialize it. */
export interface MaterializedView {
  readonly ref: string;
  /** The loaded definition with the applied policies (TTL, schedule). */
  readonly manifest: FeatureViewManifest;
  readonly entity: EntityManifest;
  /** `definitionFingerprint` of what this process loaded, by which threads notice that the files changed. */
  readonly definition: string;
  /** The rows are its events. */
  readonly eventSource?: EventSourceManifest;
}

export interface LoadedViews {
  /** Project name and entities, for history. */
  readonly project: HistoryProject;
  /** The applied event horizon; the loaded one while nothing is applied. */
  eventTimes(): EventTimes;
  /** Views whose code this process has, and those among them whose source it cannot reach. */
  announced(): readonly ComputableView[];
  /** Views that this process may claim, because it reaches their source; other processes take the rest. */
  claimable(): readonly LoadedView[];
  /** Undefined when this process does not have the version, has it with another fingerprint, or does not reach its source. */
  find(run: LoadedView): MaterializedView | undefined;
  /** The view of a chunk that landed, and only has to be written online: that needs no source. */
  findLanded(run: LoadedView): MaterializedView | undefined;
  all(): readonly MaterializedView[];
  /** The loaded source, with the applied policies. @throws Error when this process does not have it */
  eventSource(name: string): EventSourceManifest;
  /** @throws SOURCE_NOT_CONFIGURED */
  source(view: MaterializedView): Promise<RowSource>;
  close(): Promise<void>;
}

export interface LoadedViewsOptions {
  readonly project: LoadedProject;
  /** The project's manifest, aligned with what is applied now. */
  readonly loaded: () => Manifest;
  /** The manifest applied now; its policies apply from the next chunk on. Null: nothing is applied yet. */
  readonly applied: () => Manifest | null;
  /** Database URLs by connection name. */
  readonly connections: Readonly<Record<string, string>>;
  readonly slots: number;
  /** For views that are computed from other views. */
  readonly history: OpenHistory;
  /** For precomputed predictions. */
  readonly modelRows: OpenModelRows;
}

export function createLoadedViews(options: LoadedViewsOptions): LoadedViews {
  const { manifest } = options.project;
  const sources = createSources({
    root: options.project.root,
    connections: options.connections,
    // Reading is a short part of a chunk; planning runs at the same time.
    maxConnections: options.slots + 1,
    history: options.history,
    modelRows: options.modelRows,
  });

  const definitions = new Map(
    Object.keys(manifest.feature_views).map((ref) => [ref, definitionFingerprint(manifest, ref)]),
  );
  const sourceViews = (): MaterializedView[] =>
    Object.values(options.loaded().event_sources ?? {}).map((loaded) => {
      const applied = options.applied()?.event_sources?.[loaded.name];
      const source = applied?.fingerprint === loaded.fingerprint ? applied : loaded;
      const { manifest: view, entity } = eventSourceView(source);
      return { ref: viewRef(view), manifest: view, entity, definition: '', eventSource: source };
    });
  const featureViews = (): MaterializedView[] =>
    Object.values(options.loaded().feature_views).map((loaded) => {
      const ref = viewRef(loaded);
      const entity = manifest.entities[loaded.entity];
      if (!entity) throw new Error(`The manifest has ${ref} but not its entity ${loaded.entity}.`);
      const applied = options.applied()?.feature_views[ref];
      return {
        ref,
        manifest: applied?.fingerprint === loaded.fingerprint ? applied : loaded,
        entity,
        definition: definitions.get(ref) ?? '',
      };
    });

  const all = (): MaterializedView[] => [...featureViews(), ...sourceViews()];

  const findLanded = (run: LoadedView): MaterializedView | undefined =>
    all().find(
      ({ manifest: view }) =>
        view.name === run.view && view.version === run.version && view.fingerprint === run.fingerprint,
    );

  /** The connection of a source that has no address here. */
  const lacking = ({ source: { connection } }: FeatureViewManifest): string | undefined =>
    connection === undefined || Object.hasOwn(options.connections, connection) ? undefined : connection;
  const announced = (): ComputableView[] =>
    all().map(({ manifest: view }) => {
      const { name, version, fingerprint } = view;
      const lacks = lacking(view);
      const announcement = { view: name, version, fingerprint };
      return lacks === undefined ? announcement : Object.assign(announcement, { lacks });
    });

  return {
    project: manifest,
    eventTimes: () => options.applied() ?? manifest,
    all,
    eventSource: (name) => {
      const source = options.applied()?.event_sources?.[name] ?? options.loaded().event_sources?.[name];
      if (source === undefined) throw new Error(`Event source ${name} is not loaded.`);
      return source;
    },
    announced,
    claimable: () => announced().filter(({ lacks }) => lacks === undefined),
    find(run) {
      const found = findLanded(run);
      return found === undefined || lacking(found.manifest) !== undefined ? undefined : found;
    },
    findLanded,
    source: (view) => sources.open(view.manifest, view.entity),
    close: () => sources.close(),
  };
}
