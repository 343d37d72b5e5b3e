// Planning and applying
export { planManifest } from './plan/plan-manifest.ts';
export type { Change, ForgottenVersion, Leniency, Plan, Refusal } from './plan/plan.ts';
export { applyManifest } from './apply/apply-manifest.ts';
export type { ApplyOptions, ApplyResult } from './apply/apply-manifest.ts';
// What is applied
export { appliedId, appliedManifest } from './applied/applied-manifest.ts';
export type { AppliedManifest } from './applied/applied-manifest.ts';
export { modelVersion, newestModelVersions } from './model-version.ts';
export type { ModelVersion } from './model-version.ts';
export { notLoaded } from './applied/not-loaded.ts';
export type { DefinitionMismatch } from './applied/not-loaded.ts';
export { ensureSchedules } from './applied/ensure-schedules.ts';
export { watchApplied } from './applied/watch-applied.ts';
export type { AppliedWatch, WatchAppliedOptions } from './applied/watch-applied.ts';
export type { RegistryStore } from './registry-store.ts';
