import { instant, LarderError } from '@larder/core';
import { chainProblems, type Manifest } from '@larder/features';
import type { AppliedManifest } from '../applied/applied-manifest.ts';
import type { OlderSign } from '../plan/compare-age.ts';
import type { Change, Refusal } from '../plan/plan.ts';

/** @throws VIEW_IN_USE, VIEW_VERSION_IMMUTABLE, EVENT_SOURCE_IMMUTABLE, RETENTION_TOO_SHORT, CODE_CHANGED: the first of these that a refusal has */
export function refuse(refusals: readonly Refusal[]): void {
  if (refusals.length === 0) return;
  const code =
    (
      ['VIEW_IN_USE', 'VIEW_VERSION_IMMUTABLE', 'EVENT_SOURCE_IMMUTABLE', 'RETENTION_TOO_SHORT'] as const
    ).find((each) => refusals.some((refusal) => refusal.code === each)) ?? 'CODE_CHANGED';
  throw new LarderError(code, refusals.map((refusal) => refusal.message).join('\n'), {
    errors: refusals.map(({ pointer, message }) => ({ pointer, detail: message })),
  });
}

/** @throws DEFINITION_INVALID when a view is computed from itself, or from a view that is not applied (any more) */
export function refuseBrokenChains(next: Manifest): void {
  const errors = chainProblems(next);
  if (errors.length === 0) return;
  const lines = errors.map(({ pointer, detail }) => `\n  ${pointer}: ${detail}`);
  throw new LarderError('DEFINITION_INVALID', `The views do not form a chain:${lines.join('')}`, { errors });
}

/** @throws APPLY_CONFLICT when somebody applied since the plan */
export function refuseConflict(applied: AppliedManifest | null, plannedOn: number | null | undefined): void {
  if (plannedOn === undefined || applied === null || applied.id === plannedOn) return;
  throw new LarderError(
    'APPLY_CONFLICT',
    `Nothing was applied: ${applied.actor} applied manifest ${applied.id} meanwhile (${instant(applied.appliedAt)}). Look at what would change now, then apply again: larder plan`,
  );
}

/** @throws CONFIG_OUTDATED */
export function refuseOlder(applied: AppliedManifest | null, signs: readonly OlderSign[]): void {
  if (applied === null || signs.length === 0) return;
  const lines = signs.map(({ text }) => `  ${text}`).join('\n');
  throw new LarderError(
    'CONFIG_OUTDATED',
    `Nothing was applied: the configuration looks older than manifest ${applied.id}, which ${applied.actor} applied on ${instant(applied.appliedAt)}:\n${lines}\nUpdate the configuration first. If it is what you want, pass --yes.`,
    { errors: signs.map(({ subject, text }) => ({ pointer: subject, detail: text })) },
  );
}

/** @throws DESTRUCTIVE_CHANGE */
export function refuseDestructive(changes: readonly Change[]): void {
  const destructive = changes.filter((change) => change.destructive);
  if (destructive.length === 0) return;
  const lines = destructive.map(({ text }) => `  ${text}`).join('\n');
  throw new LarderError('DESTRUCTIVE_CHANGE', `Nothing was applied. Pass --yes to apply this:\n${lines}`, {
    errors: destructive.map(({ subject, text }) => ({ pointer: subject, detail: text })),
  });
}
