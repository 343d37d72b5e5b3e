import { scanFile, type Duckdb } from '@larder/archive';
import type { GivenColumn } from './spine-column.ts';

/** A double holds every decimal number of so many digits. */
const EXACT_DIGITS = 15;

/**
 * Of the types that DuckDB infers for columns of a CSV file that pass through: text where a value would change, such as
 * `007`, `1e5` or `nan`.
 */
export async function keepText(
  duckdb: Pick<Duckdb, 'all'>,
  { path, called }: { readonly path: string; readonly called: string },
  { given, passed }: { readonly given: readonly GivenColumn[]; readonly passed: (name: string) => boolean },
): Promise<GivenColumn[]> {
  const checked = given.flatMap(({ name, type }, i) =>
    passed(name) && type !== 'VARCHAR' ? [`coalesce(bool_and(${isKept(type, `c${i}`)}), true) as c${i}`] : [],
  );
  if (checked.length === 0) return [...given];
  const columns = Object.fromEntries(given.map((_, i) => [`c${i}`, 'VARCHAR']));
  const [kept] = await duckdb.all<Record<string, boolean>>(
    `select ${checked.join(', ')} from ${scanFile({ path, format: 'csv', columns })}`,
    { what: `Reading ${called}` },
  );
  return given.map((column, i) => (kept?.[`c${i}`] === false ? { ...column, type: 'VARCHAR' } : column));
}

/** SQL: a text, if it is not null, is the same after it was read as the type. */
function isKept(type: string, text: string): string {
  const value = `try_cast(${text} as ${type})`;
  const same = `coalesce(${value}::VARCHAR = ${text}, false)`;
  switch (type) {
    case 'BOOLEAN':
      return `${text} is null or lower(${text}) in ('true', 'false')`;
    case 'DOUBLE':
      return `${text} is null or isfinite(${value}) and (${same} or ${isShortDecimal(text)})`;
    default:
      return `${text} is null or ${same}`;
  }
}

/** SQL: zeros at the end of a fraction are the only thing that is lost. */
function isShortDecimal(text: string): string {
  const digits = String.raw`length(ltrim(regexp_replace(${text}, '[-.]', '', 'g'), '0')) <= ${EXACT_DIGITS}`;
  return String.raw`(regexp_full_match(${text}, '-?(0|[1-9]\d*)(\.\d+)?') and ${digits})`;
}
