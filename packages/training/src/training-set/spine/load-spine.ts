import { isLarderError, LarderError } from '@larder/core';
import { describeColumns, quotedName, scanFile, type DataFile, type Duckdb } from '@larder/archive';
import type { FieldManifest } from '@larder/features';
import type { ResolvedFeatures } from '../features/resolve-features.ts';
import { checkRows } from './check-rows.ts';
import { keepText } from './keep-text.ts';
import { raggedRow } from './ragged-row.ts';
import { planColumn, spineName, type GivenColumn, type PlannedColumn } from './spine-column.ts';

/** A spine as a file that DuckDB reads, or as a relation in it. */
export interface SpineFile {
  /** Of a `table`: the name of the relation. */
  readonly path: string;
  readonly format: 'parquet' | 'csv' | 'table';
  /**
   * Of a relation, or a CSV file, with the columns `c0`, `c1`, … whose types are known. Null: they are inferred. A
   * relation also has `row`, numbered from 0.
   */
  readonly types: readonly GivenColumn[] | null;
  /** Names of the columns of the spine. */
  readonly names: readonly string[];
  /** For messages: `spine.csv`, `the query`. */
  readonly called: string;
}

export interface LoadSpineOptions {
  readonly features: Pick<ResolvedFeatures, 'joinKeys' | 'requestFields' | 'columns'>;
  readonly timeColumn: string;
  /** No row may be later than this. */
  readonly latest: Date;
}

/** The spine in DuckDB: the table `given` as read, and the view `spine` with `row`, `at` and the columns `s0`, `s1`, … */
export interface LoadedSpine {
  readonly columns: readonly PlannedColumn[];
  readonly rows: number;
  readonly from: Date;
  readonly to: Date;
  readonly utcAssumed: boolean;
}

/** DuckDB keeps a block of memory for each. */
const MAX_COLUMNS = 2_000;

const TIME: FieldManifest = { name: 'time', type: 'timestamp' };

/** Loads and checks the rows; they are numbered from 0 in the order of the file. @throws SPINE_INVALID, DATA_FILE_INVALID */
export async function loadSpine(
  duckdb: Duckdb,
  file: SpineFile,
  options: LoadSpineOptions,
): Promise<LoadedSpine> {
  try {
    return await load(duckdb, file, options);
  } catch (error) {
    // DuckDB's own words name its options, and often no line.
    const unreadable = isLarderError(error) && error.code === 'DATA_FILE_INVALID' && file.types === null;
    const ragged = unreadable && file.format === 'csv' ? await raggedRow(file.path, file.names.length) : null;
    if (ragged === null) throw error;
    throw new LarderError('DATA_FILE_INVALID', `Reading ${file.called} failed: ${ragged}.`, { cause: error });
  }
}

async function load(duckdb: Duckdb, file: SpineFile, options: LoadSpineOptions): Promise<LoadedSpine> {
  checkNames(file, options);
  const given = await givenColumns(duckdb, file, options);
  const inFile = file.types === null ? given.map(({ name }) => name) : given.map((_, i) => `c${i}`);
  const types = Object.fromEntries(given.map(({ type }, i) => [inFile[i] as string, type]));
  const used = given.flatMap((column, i) =>
    column.skipped === true ? [] : [{ column, inFile: inFile[i] as string }],
  );
  const scan = scanOf(file, file.format === 'csv' ? { columns: types } : {});
  const selected = used.map((each, i) => `${quotedName(each.inFile)} as ${spineName(i)}`);
  const columns = planColumns(
    file,
    used.map(({ column }) => column),
    options,
  );
  const row = file.format === 'table' ? 'row' : 'row_number() over () - 1 as row';
  await duckdb.run(`create table given as select ${[row, ...selected].join(', ')} from ${scan}`, {
    what: `Reading ${file.called}`,
  });
  const values = columns.map(({ value }, i) => `${value} as ${spineName(i)}`);
  const time = columns.find(({ role }) => role === 'time') as PlannedColumn;
  await duckdb.run(`create view spine as select row, ${time.value} as "at", ${values.join(', ')} from given`);
  const checked = await checkRows(duckdb, { file, columns, time, latest: options.latest });
  return { columns, ...checked };
}

function checkNames(
  { names, called }: SpineFile,
  { features: { joinKeys, requestFields, columns }, timeColumn }: LoadSpineOptions,
): void {
  if (names.length > MAX_COLUMNS)
    throw invalid(
      `${called} has ${names.length} columns; it may have ${MAX_COLUMNS}. Send those that the set needs.`,
    );
  const folded = new Map<string, string>();
  const features = new Set(columns.map(({ name }) => name));
  for (const [i, name] of names.entries()) {
    if (name === '' || name.includes('\0'))
      throw invalid(
        `Column ${i + 1} of ${called} has ${name === '' ? 'no name' : 'U+0000 in its name'}; name it, or remove it.`,
      );
    if (features.has(name.toLowerCase()))
      throw invalid(
        `${called} has the column ${name}, and the set has a feature of that name; remove or rename the column.`,
      );
    const before = folded.get(name.toLowerCase());
    if (before !== undefined)
      throw invalid(
        before === name
          ? `${called} has two columns named ${name}; remove or rename one.`
          : `${called} has the columns ${before} and ${name}, which differ only in case; rename one.`,
      );
    folded.set(name.toLowerCase(), name);
  }
  const needed = new Map<string, string>([
    ...requestFields.map((field) => [field.name, `request field, ${typeText(field)}`] as const),
    ...joinKeys.map((field) => [field.name, `join key, ${typeText(field)}`] as const),
    [timeColumn, 'time of each row; --time names another column'],
  ]);
  const missing = [...needed].filter(([name]) => !names.includes(name));
  if (missing.length === 0) return;
  const list = missing.map(([name, what]) => `${name} (${what})`).join(', ');
  throw invalid(`${called} lacks ${list}. It has ${names.join(', ') || 'no columns'}.`);
}

function typeText({ type, length }: FieldManifest): string {
  return type === 'vector' ? `vector of ${length}` : type;
}

/** Columns of a CSV file that the definitions know are read as text, and checked by their own rules. */
async function givenColumns(
  duckdb: Duckdb,
  file: SpineFile,
  { features: { joinKeys, requestFields }, timeColumn }: LoadSpineOptions,
): Promise<readonly GivenColumn[]> {
  if (file.types !== null) return file.types;
  const known = new Set([...joinKeys, ...requestFields].map(({ name }) => name)).add(timeColumn);
  const isText = (name: string): boolean => file.format === 'csv' && known.has(name);
  const types = Object.fromEntries(file.names.filter(isText).map((name) => [name, 'VARCHAR']));
  const scan = scanOf(file, { types });
  const described = await describeColumns(duckdb, scan, { what: `Reading ${file.called}` });
  const given = described.map(({ type }, i) => ({ name: file.names[i] as string, type }));
  if (file.format === 'parquet') return given;
  return keepText(duckdb, file, { given, passed: (name) => !known.has(name) });
}

function scanOf({ path, format }: SpineFile, options: Pick<DataFile, 'columns' | 'types'>): string {
  return format === 'table' ? path : scanFile({ path, format, ...options });
}

function planColumns(
  file: SpineFile,
  given: readonly GivenColumn[],
  { features: { joinKeys, requestFields }, timeColumn }: LoadSpineOptions,
): PlannedColumn[] {
  const problems: string[] = [];
  const columns = given.flatMap((column, i) => {
    const key = joinKeys.find(({ name }) => name === column.name);
    const request = requestFields.find(({ name }) => name === column.name);
    const use =
      key !== undefined
        ? { role: 'key' as const, field: key }
        : column.name === timeColumn
          ? { role: 'time' as const, field: TIME }
          : request !== undefined
            ? { role: 'request' as const, field: request }
            : { role: 'passed' as const, field: null };
    const planned = planColumn(column, i, use);
    if (typeof planned !== 'string') return [planned];
    problems.push(planned);
    return [];
  });
  if (problems.length > 0) throw invalid(`${file.called}: ${problems.join('; ')}.`);
  return columns;
}

function invalid(message: string): LarderError {
  return new LarderError('SPINE_INVALID', message);
}
