import type { Duckdb } from '@larder/archive';
import { DataType, Precision, TimeUnit, type Field, type Timestamp, type Vector } from 'apache-arrow';

type Appender = Awaited<ReturnType<Duckdb['connection']['createAppender']>>;
type ListType = NonNullable<Parameters<Appender['appendList']>[1]>;

/** How a column of an Arrow stream is kept in DuckDB. */
export interface ArrowColumn {
  /** Type of the column that its values are appended to. */
  readonly stored: string;
  /** SQL of its value, over the stored one. */
  readonly sql: string;
  /** Appends a value of a batch that is not null. */
  appendFrom(vector: Vector, appender: Appender, at: number): (row: number) => void;
}

const DAY_MS = 86_400_000;

/** @returns a text instead, where no training set can hold values of this type */
export function arrowColumn({ name, type }: Field, at: number): ArrowColumn | string {
  const column = `c${at}`;
  return (
    columnOf(type, column) ?? `column ${name} is ${String(type)}, which is not supported; convert the column`
  );
}

function columnOf(type: DataType, column: string): ArrowColumn | null {
  // Its values are those of the dictionary.
  if (DataType.isDictionary(type)) return columnOf(type.dictionary, column);
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isNull(type))
    return {
      stored: 'VARCHAR',
      sql: column,
      appendFrom: (vector, appender) => (row) => appender.appendVarchar(vector.get(row) as string),
    };
  if (DataType.isBool(type))
    return {
      stored: 'BOOLEAN',
      sql: column,
      appendFrom: (vector, appender) => (row) => appender.appendBoolean(vector.get(row) as boolean),
    };
  if (DataType.isInt(type)) {
    const { isSigned, bitWidth } = type;
    const exact = `${isSigned ? '' : 'U'}${{ 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' }[bitWidth]}`;
    const isUnsigned64 = exact === 'UBIGINT';
    return {
      stored: isUnsigned64 ? exact : 'BIGINT',
      sql: `${column}::${exact}`,
      appendFrom: (vector, appender) => (row) => {
        const value = BigInt(vector.get(row) as number | bigint);
        if (isUnsigned64) appender.appendUBigInt(value);
        else appender.appendBigInt(value);
      },
    };
  }
  if (DataType.isFloat(type)) {
    const isDouble = type.precision === Precision.DOUBLE;
    return {
      stored: isDouble ? 'DOUBLE' : 'FLOAT',
      sql: column,
      appendFrom: (vector, appender) => (row) => {
        if (isDouble) appender.appendDouble(vector.get(row) as number);
        else appender.appendFloat(vector.get(row) as number);
      },
    };
  }
  if (DataType.isDate(type))
    return {
      stored: 'BIGINT',
      sql: `date '1970-01-01' + ${column}::INTEGER`,
      appendFrom: (vector, appender) => (row) =>
        appender.appendBigInt(BigInt(Math.floor(Number(vector.get(row)) / DAY_MS))),
    };
  if (DataType.isTimestamp(type)) return timestampColumn(type, column);
  return DataType.isList(type) || DataType.isFixedSizeList(type) ? listColumn(type, column) : null;
}

const PER_MICROSECOND: Readonly<Record<TimeUnit, readonly [times: bigint, per: bigint]>> = {
  [TimeUnit.SECOND]: [1_000_000n, 1n],
  [TimeUnit.MILLISECOND]: [1_000n, 1n],
  [TimeUnit.MICROSECOND]: [1n, 1n],
  [TimeUnit.NANOSECOND]: [1n, 1_000n],
};

/** Nanoseconds are rounded down to microseconds, as everywhere in Larder. */
function timestampColumn({ unit, timezone }: Timestamp, column: string): ArrowColumn {
  const [times, per] = PER_MICROSECOND[unit];
  return {
    stored: 'BIGINT',
    sql: `${timezone ? 'make_timestamptz' : 'make_timestamp'}(${column})`,
    appendFrom(vector, appender) {
      // The getter of the vector returns milliseconds.
      const [data] = vector.data;
      const values = data?.values as BigInt64Array;
      return (row) => {
        const given = (values[row] as bigint) * times;
        const rest = ((given % per) + per) % per;
        appender.appendBigInt((given - rest) / per);
      };
    },
  };
}

/** Of numbers, as vectors are. */
function listColumn(type: DataType, column: string): ArrowColumn | null {
  const element = (type as DataType & { readonly children: readonly Field[] }).children[0]?.type;
  if (element === undefined || !(DataType.isFloat(element) || DataType.isInt(element))) return null;
  const stored = `${DataType.isFloat(element) && element.precision !== Precision.DOUBLE ? 'FLOAT' : 'DOUBLE'}[]`;
  return {
    stored,
    sql: column,
    appendFrom: (vector, appender, at) => (row) => {
      const values = [...(vector.get(row) as Iterable<number | bigint | null>)];
      appender.appendList(
        values.map((value) => (value === null ? null : Number(value))),
        appender.columnType(at) as ListType,
      );
    },
  };
}
