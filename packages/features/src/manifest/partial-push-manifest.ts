import type { FeatureView } from '../definition/feature-view.ts';
import { whenLeftOut } from '../definition/partial-push.ts';
import { fieldManifests } from './field-manifest.ts';
import type { FeatureViewManifest, FieldManifest, PartialPushManifest } from './manifest.ts';

/** Members of a pushed row beside the join keys and its time: the features, or the columns that a computation reads. */
export function pushedColumnsOfDefinition(
  view: Pick<FeatureView, 'compute' | 'schema' | 'source'>,
): readonly FieldManifest[] {
  return pushedColumns({
    compute: view.compute,
    schema: fieldManifests(view.schema ?? {}),
    source: view.source?.manifest,
  });
}

/** `pushedColumnsOfDefinition` of a manifest. */
export function pushedColumns({
  compute,
  schema,
  source,
}: Pick<FeatureViewManifest, 'schema' | 'source'> & { readonly compute: unknown }): readonly FieldManifest[] {
  return compute === null ? schema : ((source['schema'] ?? []) as readonly FieldManifest[]);
}

/** Null: every row has every member. */
export function partialPushManifest(view: FeatureView): PartialPushManifest | null {
  const rules: Record<string, 'keep' | 'null'> = {};
  for (const name of pushedColumnsOfDefinition(view)
    .map((column) => column.name)
    .toSorted()) {
    const rule = whenLeftOut(view.partialPush, name);
    if (rule !== 'refuse') rules[name] = rule;
  }
  return Object.keys(rules).length === 0 ? null : rules;
}

/** Whether rows of the view may keep values of earlier ones. */
export function keepsValues({ partial_push: rules }: Pick<FeatureViewManifest, 'partial_push'>): boolean {
  return rules !== undefined && Object.values(rules).includes('keep');
}
