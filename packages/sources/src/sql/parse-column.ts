import pg from 'pg';

const INT8 = 20;
const INT8_ARRAY = 1016;
const DATE = 1082;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;
const NUMERIC = 1700;

/**
 * Parses columns of a source: instants become `Date` in whole milliseconds (microseconds are cut off; without a zone
 * they are UTC), integers become number or, beyond 2^53, bigint; values that JavaScript cannot represent (infinity, years
 * of five digits) stay text, so that landing refuses the row instead of guessing.
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

const ZERO = 0x30;

/** `2026-11-20 09:30:00.123456+00` by its characters: a regular expression and `Date`'s parser cost three times as much. */
function parseInstant(text: string, original: string): Date | string {
  const fractionDigits = text.length - 23;
  if (
    !(text.length === 22 || (fractionDigits >= 1 && fractionDigits <= 6 && text[19] === '.')) ||
    text[4] !== '-' ||
    text[7] !== '-' ||
    text[10] !== ' ' ||
    text[13] !== ':' ||
    text[16] !== ':' ||
    !text.endsWith('+00')
  )
    return original;
  let milliseconds = 0;
  for (let at = 20; at < 23; at++)
    milliseconds = milliseconds * 10 + (at < 20 + fractionDigits ? text.charCodeAt(at) - ZERO : 0);
  const instant = new Date(
    Date.UTC(
      100 * digits(text, 0) + digits(text, 2),
      digits(text, 5) - 1,
      digits(text, 8),
      digits(text, 11),
      digits(text, 14),
      digits(text, 17),
      milliseconds,
    ),
  );
  // years below 100 mean 1900 and later to Date.UTC
  if (text.startsWith('00')) instant.setUTCFullYear(digits(text, 2));
  return instant;
}

function digits(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
}
