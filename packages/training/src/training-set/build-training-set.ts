import type { Clock } from '@larder/core';
import type { Manifest, OnDemandFeatureViewManifest, OnDemandFunction } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import type { TrainingSetManifest } from './training-set-manifest.ts';
import type { TrainingSetRequest } from './training-set-request.ts';

export interface TrainingSetDeps {
  readonly store: OfflineStore;
  /** Of a model version: its content with the live policies. Of a list: what is applied. */
  readonly definitions: TrainingSetDefinitions;
  /** Addresses of the project's connections, by name. */
  readonly connections: Readonly<Record<string, string>>;
  /** Work in progress; needs about three times the size of the set. @default the system's */
  readonly temporaryFolder?: string | undefined;
  readonly actor: string;
  readonly clock: Clock;
}

export interface TrainingSetDefinitions {
  readonly manifest: Manifest;
  readonly functionOf: (definition: OnDemandFeatureViewManifest) => OnDemandFunction;
}

export interface BuildOptions {
  readonly onProgress?: ((progress: BuildProgress) => void) | undefined;
  /** Ends the build; nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
}

export interface BuildProgress {
  readonly stage: 'spine' | 'join' | 'on_demand' | 'write' | 'statistics';
  /** Rows of the stage that are done. */
  readonly done: number;
  /** Null: not known yet. */
  readonly total: number | null;
}

export type BuildTrainingSet = (
  deps: TrainingSetDeps,
  request: TrainingSetRequest,
  options?: BuildOptions,
) => Promise<TrainingSetManifest>;
