import { LarderError } from '@larder/core';
import type { FieldValue } from '../definition/field.ts';
import type { EntityManifest, FieldManifest } from '../manifest/manifest.ts';

/** Longer keys (escaped, as UTF-8) are refused: the key is part of every Redis key and history row. */
export const MAX_ENTITY_KEY_BYTES = 1_024;

/** `%` starts an escape, `|` joins parts, braces end the hash tag, control characters garble listings. */
// oxlint-disable-next-line no-control-regex
const ESCAPED = /[%|{}\u0000-\u001f\u007f]/g;

/**
 * The canonical text of an entity's join keys, in the entity's order: `ad-42`, or `a|b` for a composite key. Ambiguous
 * characters are percent-encoded. @throws ENTITY_KEY_INVALID
 */
export function entityKey(
  entity: EntityManifest,
  values: Readonly<Record<string, FieldValue | undefined>>,
): string {
  let key = '';
  for (const [i, joinKey] of entity.join_keys.entries()) {
    const text = joinKeyText(entity, joinKey, values[joinKey.name] ?? joinKey.constant ?? null);
    key += i === 0 ? escape(text) : `|${escape(text)}`;
  }
  if (key.length * 3 > MAX_ENTITY_KEY_BYTES && Buffer.byteLength(key) > MAX_ENTITY_KEY_BYTES)
    throw new LarderError(
      'ENTITY_KEY_INVALID',
      `The key of ${entity.name} takes ${Buffer.byteLength(key)} bytes; at most ${MAX_ENTITY_KEY_BYTES} are allowed. Use a shorter join key, such as a hash of it.`,
    );
  return key;
}

/** `entityKey` for join keys given as the source's own texts, in the entity's order. @throws ENTITY_KEY_INVALID */
export function entityKeyOfTexts(entity: EntityManifest, texts: readonly string[]): string {
  return entityKey(entity, parseEntityKey(entity, texts.map(escape).join('|')));
}

/**
 * The join keys that a canonical or typed-in key stands for; a `%` that does not start an escape is taken literally.
 * @throws ENTITY_KEY_INVALID
 */
export function parseEntityKey(entity: EntityManifest, key: string): Record<string, FieldValue> {
  // The one key of an entity without join keys need not be named.
  const [only] = entity.join_keys;
  if (only?.constant !== undefined && (key === '' || key === only.constant))
    return { [only.name]: only.constant };
  if (only?.constant !== undefined)
    throw new LarderError(
      'ENTITY_KEY_INVALID',
      `${entity.name} has no join keys; its one key is '${only.constant}', which may be left out.`,
    );
  const parts = key.split('|');
  if (parts.length !== entity.join_keys.length) {
    const names = entity.join_keys.map((joinKey) => joinKey.name).join('|');
    throw new LarderError(
      'ENTITY_KEY_INVALID',
      `A key of ${entity.name} has ${entity.join_keys.length} part(s): ${names}; this one has ${parts.length}. Write a '|' inside a part as %7C.`,
    );
  }
  const values: Record<string, FieldValue> = {};
  for (const [i, joinKey] of entity.join_keys.entries())
    values[joinKey.name] = joinKeyValue(entity, joinKey, unescape(parts[i] as string));
  return values;
}

function escape(text: string): string {
  return text.replace(
    ESCAPED,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function unescape(text: string): string {
  return text.replace(/%(25|7[BCDFbcdf]|[01][0-9A-Fa-f])/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
}

function joinKeyText(entity: EntityManifest, joinKey: FieldManifest, value: FieldValue): string {
  switch (joinKey.type) {
    case 'string':
      if (joinKey.constant !== undefined && value !== joinKey.constant) break;
      if (typeof value === 'string' && value.isWellFormed()) return value;
      break;
    case 'int64':
      if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return String(value);
      if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
      break;
    case 'bool':
      if (typeof value === 'boolean') return String(value);
      break;
    case 'timestamp':
      if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
      break;
    case 'float32':
    case 'float64':
    case 'vector':
    case 'json':
      throw new Error(`A join key cannot be of type ${joinKey.type}.`);
  }
  throw invalidJoinKey(entity, joinKey, value === null ? 'it is missing' : `it is a ${typeof value}`);
}

function joinKeyValue(entity: EntityManifest, joinKey: FieldManifest, text: string): FieldValue {
  switch (joinKey.type) {
    case 'string':
      return text;
    case 'int64': {
      if (!/^-?\d{1,19}$/.test(text)) break;
      const value = BigInt(text);
      if (joinKey.safe !== true && BigInt.asIntN(64, value) === value) return value;
      if (joinKey.safe === true && Number.isSafeInteger(Number(value))) return Number(value);
      break;
    }
    case 'bool':
      if (text === 'true' || text === 'false') return text === 'true';
      break;
    case 'timestamp': {
      const value = new Date(text);
      if (!Number.isNaN(value.getTime())) return value;
      break;
    }
    case 'float32':
    case 'float64':
    case 'vector':
    case 'json':
      throw new Error(`A join key cannot be of type ${joinKey.type}.`);
  }
  throw invalidJoinKey(entity, joinKey, 'this text is not one');
}

function invalidJoinKey(entity: EntityManifest, joinKey: FieldManifest, reason: string): LarderError {
  const problem = `must be ${joinKey.type === 'int64' ? 'an' : 'a'} ${joinKey.type}; ${reason}`;
  return new LarderError('ENTITY_KEY_INVALID', `The join key ${joinKey.name} of ${entity.name} ${problem}.`, {
    errors: [{ pointer: `/${joinKey.name}`, detail: problem }],
  });
}
