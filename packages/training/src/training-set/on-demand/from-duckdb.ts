import type { FieldManifest, FieldValue } from '@larder/features';

export type Convert = (value: unknown) => FieldValue;

/** Values of the tables of a build as the functions get them. */
export function fromDuckdb({ type, safe }: FieldManifest): Convert {
  switch (type) {
    case 'int64':
      return safe === true ? (value) => Number(value) : (value) => value as bigint;
    case 'timestamp':
      return (value) => new Date(Number(value));
    case 'vector':
      return (value) => Float32Array.from(value as number[]);
    case 'json':
      return (value) => JSON.parse(value as string) as FieldValue;
    default:
      return (value) => value as FieldValue;
  }
}
