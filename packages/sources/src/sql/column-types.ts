import type { FieldManifest } from '@larder/features';

type Kind = 'number' | 'bool' | 'text' | 'instant' | 'numbers';

/** What `columnParser` makes of PostgreSQL's types, by their OIDs; others are not judged. */
const KINDS: ReadonlyMap<number, Kind> = new Map([
  ...[20, 21, 23, 26, 700, 701, 1700].map((oid) => [oid, 'number'] as const),
  [16, 'bool'],
  ...[18, 19, 25, 1042, 1043, 2950].map((oid) => [oid, 'text'] as const),
  ...[1082, 1114, 1184].map((oid) => [oid, 'instant'] as const),
  ...[1005, 1007, 1016, 1021, 1022].map((oid) => [oid, 'numbers'] as const),
]);

const WANTED: Readonly<Partial<Record<FieldManifest['type'], Kind>>> = {
  float32: 'number',
  float64: 'number',
  int64: 'number',
  bool: 'bool',
  string: 'text',
  timestamp: 'instant',
  vector: 'numbers',
};

const NAMES: Readonly<Record<Kind, string>> = {
  number: 'a number',
  bool: 'a boolean',
  text: 'text',
  instant: 'a time',
  numbers: 'an array of numbers',
};

/** `clicks is text, and the view declares float32`: why no value of the column can be one of the field; null: it may. */
export function columnProblem(
  { name, type }: Pick<FieldManifest, 'name' | 'type'>,
  oid: number,
): string | null {
  const kind = KINDS.get(oid);
  const wanted = WANTED[type];
  if (kind === undefined || wanted === undefined || kind === wanted) return null;
  return `${name} is ${NAMES[kind]}, and the view declares ${type}`;
}
