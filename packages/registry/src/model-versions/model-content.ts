import type { Manifest } from '@larder/features';

/**
 * Everything that a model version is made of, closed: with the artifact store it is enough to serve the version, whatever
 * code a process has loaded. Kept as `larder.model_versions.content`.
 */
export interface ModelContent {
  readonly format: 1;
  /**
   * The manifest at registration, with only what the model reads: exactly its view versions, also those read through
   * on-demand views. Its policies (TTL, deadline, owner …) are those of registration; live ones are in the applied manifest.
   */
  readonly manifest: Manifest;
  /** SHA-256 of the bundle of each on-demand view and of the model's post-processing, by its name. */
  readonly bundles: Readonly<Record<string, string>>;
}
