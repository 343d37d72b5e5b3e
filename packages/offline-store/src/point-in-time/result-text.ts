import type { FieldManifest } from '@larder/features';

/** History's timestamps are whole milliseconds of the years 1 to 9999, which a double holds exactly. */
export const epochMs = (timestamp: string): string =>
  `round(date_part('epoch', ${timestamp}) * 1000)::bigint`;

/** A value as `joinInPostgresql` writes it. */
export function asText(value: string, { type }: FieldManifest): string {
  switch (type) {
    case 'vector':
      return `translate(${value}::text, '{}', '[]')`;
    // Features may lie beyond the years of history, where a double would not be exact.
    case 'timestamp':
      return `(extract(epoch from ${value}) * 1000)::bigint`;
    case 'bool':
    case 'json':
      return `${value}::text`;
    default:
      return value;
  }
}

const HOUR_US = 3_600_000_000;

/**
 * Microseconds since 1970 as an instant. `timestamp + interval` is immutable, `timestamptz + interval` is not; one interval of
 * microseconds would be inexact after 2255.
 */
export function instantOf(us: string): string {
  return `((timestamp 'epoch' + make_interval(hours => ((${us}) / ${HOUR_US})::int)
      + (${us}) % ${HOUR_US} * interval '1 microsecond') at time zone 'UTC')`;
}
