import pg from 'pg';

const INT8 = 20;
const INT8_ARRAY = 1016;
const DATE = 1082;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;
const NUMERIC = 1700;

/**
 * How columns of a source arrive: instants as `Date` in whole milliseconds (microseconds are cut off; without a zone
 * they are UTC), integers as number or, beyond 2^53, bigint; what is no JavaScript value (infinity, years of five
 * digits) stays text, so that landing refuses the row instead of guessing.
 */
export function columnParser(oid: number, format?: 'text' | 'binary'): Parser {
  if (format !== 'binary') {
    const parser = PARSERS[oid];
    if (parser) return parser;
  }
  return standardParser(oid, format);
}

type Parser = (value: never) => unknown;

const standardParser = pg.types.getTypeParser as (oid: number, format?: 'text' | 'binary') => Parser;

const parseTextArray = standardParser(INT8_ARRAY) as (text: string) => (string | null)[];

const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [INT8]: parseInteger,
  [INT8_ARRAY]: (text) => parseTextArray(text).map((item) => (item === null ? null : parseInteger(item))),
  [NUMERIC]: (text) => (/^-?\d+$/.test(text) ? parseInteger(text) : Number(text)),
  [DATE]: (text) => parseInstant(`${text} 00:00:00+00`, text),
  [TIMESTAMP]: (text) => parseInstant(`${text}+00`, text),
  [TIMESTAMPTZ]: (text) => parseInstant(text, text),
};

function parseInteger(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

const INSTANT = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/;

function parseInstant(text: string, original: string): Date | string {
  const match = INSTANT.exec(text);
  if (!match) return original;
  const [, day, time, fraction = ''] = match;
  return new Date(`${day}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
}
