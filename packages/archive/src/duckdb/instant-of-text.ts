/**
 * SQL of the instant that a text holds, in UTC where it names no zone; null where it is none. Names of zones, such as
 * `Europe/Berlin`, are not read: DuckDB would also read the rows after them in that zone.
 */
export function instantOfText(text: string): string {
  const named = String.raw`regexp_matches(${text}, '[A-Za-z]{2}') and not regexp_matches(${text}, '^[^A-Za-z]*[Tt]?[^A-Za-z]*UTC$')`;
  return `try_cast(case when ${named} then null else ${text} end as TIMESTAMPTZ)`;
}
