/** A DuckDB string literal. */
export function textLiteral(text: string): string {
  if (text.includes('\0')) throw new Error('A DuckDB literal cannot hold U+0000.');
  return `'${text.replaceAll("'", "''")}'`;
}

/** A quoted name of a column or table; DuckDB compares names without regard to case, also quoted ones. */
export function quotedName(name: string): string {
  if (name.includes('\0')) throw new Error('A DuckDB name cannot hold U+0000.');
  return `"${name.replaceAll('"', '""')}"`;
}
