/**
 * SQL of the text by which a value is hashed; null stays null. Floats are hashed by their bits, so that the text does
 * not depend on how a language prints numbers. The specification is docs/reference/training-set.md.
 */
export function canonicalText(type: string, value: string): string {
  switch (type) {
    case 'FLOAT':
      return floatText(value, 'INTEGER');
    case 'DOUBLE':
      return floatText(value, 'BIGINT');
    case 'FLOAT[]':
      return `array_to_string(list_transform(${value}, lambda e: ${floatText('e', 'INTEGER')}), ',')`;
    case 'TIMESTAMP WITH TIME ZONE':
    case 'TIMESTAMP':
      return `epoch_us(${value})::VARCHAR`;
    default:
      return `${value}::VARCHAR`;
  }
}

function floatText(value: string, integer: 'INTEGER' | 'BIGINT'): string {
  return `case when isnan(${value}) then 'nan' else ${value}::BIT::${integer}::VARCHAR end`;
}

const PORTABLE: Readonly<Record<string, string>> = {
  VARCHAR: 'string',
  BIGINT: 'int64',
  DOUBLE: 'float64',
  FLOAT: 'float32',
  BOOLEAN: 'bool',
  'TIMESTAMP WITH TIME ZONE': 'timestamp',
  'FLOAT[]': 'vector',
};

/** Larder's name of a type of DuckDB; for one that Larder has no name for, DuckDB's in lower case. */
export function portableType(type: string): string {
  return PORTABLE[type] ?? type.toLowerCase();
}
