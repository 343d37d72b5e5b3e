import type { Field, Fields } from '../definition/field.ts';
import { encodeJsonValue } from '../values/encode-json-value.ts';
import type { FieldManifest } from './manifest.ts';

/** The manifest of fields, in the order of their definition. */
export function fieldManifests(fields: Fields): FieldManifest[] {
  return Object.entries(fields).map(([name, field]) => fieldManifest(name, field));
}

export function fieldManifest(name: string, field: Field): FieldManifest {
  const spec = {
    name,
    type: field.type,
    ...(field.length === undefined ? {} : { length: field.length }),
    ...(field.safeInteger === undefined ? {} : { safe: field.safeInteger }),
  };
  return {
    ...spec,
    ...(field.defaultValue === undefined ? {} : { default: encodeJsonValue(spec, field.defaultValue) }),
    ...(field.sensitivity === undefined ? {} : { sensitive: field.sensitivity }),
  };
}
