import type { FieldManifest, JsonValue } from '@larder/features';
import { Option } from 'commander';
import type { InputField, ModelInputs } from '../control/control.ts';

/** A join key or request field of a model as an option. */
export interface InputFlag {
  /** Without dashes: `ad_id`; `field-json` where the verb has an option of that name. */
  readonly flag: string;
  readonly name: string;
  readonly part: 'entities' | 'request';
  readonly field: FieldManifest;
}

export function inputFlags(
  { joinKeys, requestFields }: ModelInputs,
  taken: ReadonlySet<string>,
): InputFlag[] {
  const flags = (part: InputFlag['part'], fields: readonly InputField[]) =>
    fields.map(({ name, field }) => ({
      flag: taken.has(name) ? `field-${name}` : name,
      name,
      part,
      field,
    }));
  return [...flags('entities', joinKeys), ...flags('request', requestFields)];
}

/** Options are stored under the flag itself, not in camel case. */
export function optionOf({ flag, part, field }: InputFlag): Option {
  const kind = part === 'entities' ? 'join key' : 'request field';
  const fallback = field.default === undefined ? '' : ` [${JSON.stringify(field.default)}]`;
  return new Option(`--${flag} <value>`, `${kind}, ${typeText(field)}${fallback}`);
}

/** Builds a request body from the options; a value that does not fit its type is left for the predictor to refuse. */
export function bodyOf(
  flags: readonly InputFlag[],
  options: Readonly<Record<string, unknown>>,
): { readonly entities: Record<string, JsonValue>; readonly request: Record<string, JsonValue> } {
  const body = { entities: {} as Record<string, JsonValue>, request: {} as Record<string, JsonValue> };
  for (const input of flags) {
    const typed = options[optionOf(input).attributeName()];
    if (typeof typed === 'string') body[input.part][input.name] = jsonOf(input.field, typed);
  }
  return body;
}

function jsonOf(field: FieldManifest, text: string): JsonValue {
  switch (field.type) {
    case 'string':
    case 'timestamp':
      return text;
    case 'bool':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'float32':
    case 'float64':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
    case 'int64':
      return Number.isSafeInteger(Number(text)) && text.trim() !== '' ? Number(text) : text;
    case 'vector':
    case 'json':
      try {
        return JSON.parse(text) as JsonValue;
      } catch {
        return text;
      }
  }
}

function typeText({ type, length }: FieldManifest): string {
  switch (type) {
    case 'timestamp':
      return 'timestamp such as 2026-11-20T09:30:00Z';
    case 'vector':
      return `vector of ${length} as JSON`;
    case 'bool':
      return 'true or false';
    case 'float32':
    case 'float64':
    case 'int64':
    case 'string':
    case 'json':
      return type;
  }
}
