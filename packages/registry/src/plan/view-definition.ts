import { isDeepStrictEqual } from 'node:util';
import {
  entityWithoutSensitivity,
  withoutSensitivity,
  type ComputeManifest,
  type EntityManifest,
  type FeatureViewManifest,
  type FieldManifest,
  type Manifest,
  type SourceManifest,
  type WindowedManifest,
} from '@larder/features';

/** What is immutable in a view version, as `larder.view_versions.definition` keeps it. */
export interface ViewDefinition {
  readonly entity: EntityManifest;
  readonly source: SourceManifest;
  readonly schema: readonly FieldManifest[];
  readonly compute: ComputeManifest | null;
  /** Absent: a plain view. */
  readonly windowed?: WindowedManifest;
}

export function viewDefinition(manifest: Manifest, view: FeatureViewManifest): ViewDefinition {
  const entity = manifest.entities[view.entity];
  if (!entity) throw new Error(`The manifest has no entity ${view.entity}.`);
  return {
    entity: entityWithoutSensitivity(entity),
    source: view.source,
    schema: withoutSensitivity(view.schema),
    compute: view.compute,
    ...(view.windowed !== undefined && { windowed: view.windowed }),
  };
}

/** What changed in the immutable parts, each as a clause; `codeOnly` when only the view's own function changed. */
export interface DefinitionDifference {
  readonly clauses: readonly string[];
  readonly codeOnly: boolean;
  readonly entityChanged: boolean;
}

export function compareDefinitions(was: ViewDefinition, now: ViewDefinition): DefinitionDifference {
  const entity = entityClauses(was.entity, now.entity);
  const rest = [
    ...sourceClauses(was.source, now.source),
    ...schemaClauses(was.schema, now.schema),
    ...windowedClauses(was.windowed, now.windowed),
  ];
  const compute = computeClauses(was.compute, now.compute);
  const codeChanged =
    was.compute !== null && now.compute !== null && was.compute.code_sha256 !== now.compute.code_sha256;
  const clauses = [...entity, ...rest, ...compute];
  return {
    clauses: codeChanged ? [...clauses, 'its own code changed'] : clauses,
    codeOnly: codeChanged && clauses.length === 0,
    entityChanged: entity.length > 0,
  };
}

function entityClauses(was: EntityManifest, now: EntityManifest): string[] {
  if (was.name !== now.name) return [`entity ${was.name} became ${now.name}`];
  return isDeepStrictEqual(was.join_keys, now.join_keys)
    ? []
    : [`the join keys of entity ${now.name} changed`];
}

function sourceClauses(was: SourceManifest, now: SourceManifest): string[] {
  if (was.kind !== now.kind) return [`the source became ${now.kind} (was ${was.kind})`];
  const before = new Map(Object.entries(was));
  return Object.entries(now)
    .filter(([name, value]) => !isDeepStrictEqual(before.get(name), value))
    .map(([name]) => name)
    .map((name) => `the source's ${name.replaceAll('_', ' ')} changed`);
}

/** Windows and aggregates that came or went are in the schema. */
function windowedClauses(was: WindowedManifest | undefined, now: WindowedManifest | undefined): string[] {
  if (was === undefined || now === undefined)
    return was === now ? [] : [was === undefined ? 'it is windowed now' : 'it is no longer windowed'];
  const clauses: string[] = [];
  for (const window of now.windows) {
    const before = was.windows.find(({ name }) => name === window.name);
    if (before !== undefined && !isDeepStrictEqual(before, window))
      clauses.push(`the hop of window ${window.name} changed`);
  }
  for (const aggregate of now.aggregates) {
    const before = was.aggregates.find(({ name }) => name === aggregate.name);
    if (before !== undefined && !isDeepStrictEqual(before, aggregate))
      clauses.push(`aggregate ${aggregate.name} changed`);
  }
  return clauses;
}

export function schemaClauses(was: readonly FieldManifest[], now: readonly FieldManifest[]): string[] {
  const before = new Map(was.map((field) => [field.name, field]));
  const after = new Map(now.map((field) => [field.name, field]));
  const clauses: string[] = [];
  for (const field of was) if (!after.has(field.name)) clauses.push(`feature ${field.name} was removed`);
  for (const field of now) {
    const old = before.get(field.name);
    if (!old) clauses.push(`feature ${field.name} was added`);
    else if (typeOf(old) !== typeOf(field))
      clauses.push(`feature ${field.name} became ${typeOf(field)} (was ${typeOf(old)})`);
    else if (!isDeepStrictEqual(old, field)) clauses.push(`the default of feature ${field.name} changed`);
  }
  const sameFeatures = clauses.length === 0;
  if (sameFeatures && was.some((field, i) => field.name !== now[i]?.name))
    clauses.push('the order of the features changed');
  return clauses;
}

function typeOf(field: FieldManifest): string {
  const length = field.length === undefined ? '' : `(${field.length})`;
  return `${field.type}${length}${field.safe ? ' safe' : ''}`;
}

/** An artifact is its content: moving its folder changes nothing. */
function computeClauses(was: ComputeManifest | null, now: ComputeManifest | null): string[] {
  if (was === null || now === null) {
    if (was === now) return [];
    return [was === null ? 'it is computed now' : 'it is no longer computed'];
  }
  if (was.kind !== now.kind) return [`the computation became ${now.kind} (was ${was.kind})`];
  const clauses = isDeepStrictEqual(was.options, now.options) ? [] : ["the computation's options changed"];
  const names = new Set([...Object.keys(was.artifacts), ...Object.keys(now.artifacts)]);
  for (const name of names)
    if (was.artifacts[name]?.sha256 !== now.artifacts[name]?.sha256) clauses.push(`artifact ${name} changed`);
  return clauses;
}
