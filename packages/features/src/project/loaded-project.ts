import type { ProjectCode } from '../code/code-unit.ts';
import type { Entity } from '../definition/entity.ts';
import type { FeatureView } from '../definition/feature-view.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { OnDemandFeatureView } from '../on-demand/on-demand-feature-view.ts';
import type { PostProcess } from '../post-process/post-process.ts';

/** Every definition of one `larder.config.ts`. */
export interface LoadedDefinitions {
  readonly name: string;
  /** Absolute folder of larder.config.ts; artifact paths are relative to it. */
  readonly root: string;
  /** Absolute path of larder.config.ts, for worker threads to load again. */
  readonly configPath: string;
  readonly entities: ReadonlyMap<string, Entity>;
  /** By reference: `ad_image@1`. */
  readonly featureViews: ReadonlyMap<string, FeatureView>;
  readonly onDemandFeatureViews: ReadonlyMap<string, OnDemandFeatureView>;
  readonly postProcesses: ReadonlyMap<string, PostProcess>;
}

/** The definitions with their manifest, as `loadProject` returns them. */
export interface LoadedProject extends LoadedDefinitions {
  readonly manifest: Manifest;
  readonly code: ProjectCode;
}
