import type { FieldManifest, Manifest } from '@larder/features';
import type { PlanLines } from './plan.ts';

/** Lines for every field of which the prediction log keeps something else from now on. */
export function compareSensitivity(lines: PlanLines, applied: Manifest | null, next: Manifest): void {
  const before = applied === null ? new Map<string, FieldOf>() : fieldsOf(applied);
  for (const [place, { subject, field }] of fieldsOf(next)) {
    const was = before.get(place);
    if (was === undefined || was.field.sensitive === field.sensitive) continue;
    lines.change(
      subject,
      `change what the log keeps of ${place}: ${kept(was.field)} → ${kept(field)}; what is logged already stays as it is`,
    );
  }
}

interface FieldOf {
  readonly subject: string;
  readonly field: FieldManifest;
}

function fieldsOf(manifest: Manifest): Map<string, FieldOf> {
  const found = new Map<string, FieldOf>();
  const add = (subject: string, kind: string, fields: readonly FieldManifest[]) => {
    for (const field of fields) found.set(`${kind} ${field.name} of ${subject}`, { subject, field });
  };
  for (const entity of Object.values(manifest.entities))
    add(`entity ${entity.name}`, 'join key', entity.join_keys);
  for (const [ref, view] of Object.entries(manifest.feature_views))
    add(`view ${ref}`, 'feature', view.schema);
  for (const view of Object.values(manifest.on_demand_feature_views)) {
    add(`on-demand view ${view.name}`, 'request field', view.request);
    add(`on-demand view ${view.name}`, 'feature', view.schema);
  }
  return found;
}

function kept({ sensitive }: FieldManifest): string {
  if (sensitive === undefined) return 'its value';
  return sensitive === 'hashed' ? 'a hash' : 'nothing';
}
