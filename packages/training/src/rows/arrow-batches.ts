import { describeColumns, quotedName, type Duckdb } from '@larder/archive';
import {
  Bool,
  Field,
  Float32,
  Float64,
  Int64,
  List,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimeUnit,
  Timestamp,
  Utf8,
  makeData,
  vectorFromArray,
  type Data,
  type DataType,
} from 'apache-arrow';

/** How a column is read from DuckDB, and its type in Arrow. */
interface Column {
  readonly name: string;
  readonly sql: string;
  readonly type: DataType;
}

const BATCH_ROWS = 16_384;
/** The continuation marker and a length of 0 that end a stream. */
const END_BYTES = 8;

/**
 * The rows of a relation as an Arrow IPC stream, a record batch at a time, in constant memory. Timestamps keep their
 * microseconds; what Arrow's consumers would not expect (decimals, dates, structs) is text.
 */
export async function* arrowBatches(duckdb: Duckdb, relation: string): AsyncGenerator<Uint8Array> {
  const columns = (await describeColumns(duckdb, relation)).map(columnOf);
  const schema = new Schema(columns.map(({ name, type }) => new Field(name, type, true)));
  const header = streamOf(schema);
  yield header.subarray(0, -END_BYTES);
  const wanted = columns.map(({ sql }, i) => `${sql} as c${i}`).join(', ');
  let rows: Record<string, unknown>[] = [];
  const batch = (): Uint8Array => {
    const bytes = streamOf(schema, batchOf(schema, columns, rows));
    rows = [];
    // The header of this one is the same as the first.
    return bytes.subarray(header.length - END_BYTES, -END_BYTES);
  };
  for await (const group of duckdb.rows<Record<string, unknown>>(`select ${wanted} from ${relation}`)) {
    for (const row of group) rows.push(row);
    if (rows.length >= BATCH_ROWS) yield batch();
  }
  if (rows.length > 0) yield batch();
  yield header.subarray(-END_BYTES);
}

function streamOf(schema: Schema, ...batches: readonly RecordBatch[]): Uint8Array {
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  for (const batch of batches) writer.write(batch);
  writer.finish();
  return writer.toUint8Array(true);
}

function batchOf(
  schema: Schema,
  columns: readonly Column[],
  rows: readonly Record<string, unknown>[],
): RecordBatch {
  const children = columns.map(({ type }, i) =>
    dataOf(
      rows.map((row) => row[`c${i}`] ?? null),
      type,
    ),
  );
  const data = makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children });
  return new RecordBatch(schema, data);
}

function dataOf(values: readonly unknown[], type: DataType): Data {
  // Timestamps are built from milliseconds; the microseconds are already here, as integers.
  const isTimestamp = type instanceof Timestamp;
  const [data] = vectorFromArray(values, isTimestamp ? new Int64() : type).data;
  if (data === undefined) throw new Error('A column of a batch has no data.');
  if (!isTimestamp) return data;
  const { length, nullCount, nullBitmap, values: micros } = data as Data<Int64>;
  return makeData({ type, length, nullCount, nullBitmap, data: micros });
}

function columnOf({ name, type }: { readonly name: string; readonly type: string }): Column {
  const sql = quotedName(name);
  if (type === 'FLOAT') return { name, sql, type: new Float32() };
  if (type === 'DOUBLE') return { name, sql, type: new Float64() };
  if (type === 'BOOLEAN') return { name, sql, type: new Bool() };
  if (/^(TINYINT|SMALLINT|INTEGER|BIGINT|UTINYINT|USMALLINT|UINTEGER)$/.test(type))
    return { name, sql: `${sql}::bigint`, type: new Int64() };
  if (/^FLOAT\[\d*\]$/.test(type))
    return { name, sql: `${sql}::float[]`, type: new List(new Field('item', new Float32(), true)) };
  if (type.startsWith('TIMESTAMP'))
    return { name, sql: `epoch_us(${sql}::timestamptz)`, type: new Timestamp(TimeUnit.MICROSECOND, 'UTC') };
  return { name, sql: `${sql}::varchar`, type: new Utf8() };
}
