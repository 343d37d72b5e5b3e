import type { FieldValue } from '../definition/field.ts';
import type { FieldManifest } from '../manifest/manifest.ts';
import { decodeJsonValue } from './decode-json-value.ts';

/** A field's declared default as a value; null when none is declared. */
export function declaredDefault(field: FieldManifest): FieldValue {
  if (field.default === undefined) return null;
  const decoded = decodeJsonValue(field, field.default);
  if (!decoded.ok) throw new Error(`The default of ${field.name} ${decoded.detail}.`);
  return decoded.value;
}
