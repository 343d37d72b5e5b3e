// Planning and applying
export { planManifest } from './plan-manifest.ts';
export type { Change, ForgottenVersion, Leniency, Plan, Refusal } from './plan.ts';
export { applyManifest } from './apply-manifest.ts';
export type { ApplyOptions, ApplyResult } from './apply-manifest.ts';
// What is applied
export { appliedId, appliedManifest } from './applied-manifest.ts';
export type { AppliedManifest } from './applied-manifest.ts';
export { modelVersion } from './model-version.ts';
export type { ModelVersion } from './model-version.ts';
export { notLoaded } from './not-loaded.ts';
export type { DefinitionMismatch } from './not-loaded.ts';
export { watchApplied } from './watch-applied.ts';
export type { AppliedWatch, WatchAppliedOptions } from './watch-applied.ts';
export type { RegistryStore } from './registry-store.ts';
