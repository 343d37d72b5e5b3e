/**
 * The tokens of PostgreSQL's lexer, roughly: comments and whitespace go, what folds to lower case is folded. Strings,
 * quoted identifiers and dollar-quoted strings stay as they are. Two operators written together stay one token, so
 * `a+-1` and `a + -1` differ: never too little, sometimes too much.
 */
const TOKEN = new RegExp(
  [
    String.raw`(?<space>\s+|--[^\n\r]*)`,
    String.raw`(?<comment>/\*)`,
    String.raw`(?<exact>[eE]'(?:[^'\\]|\\[^]|'')*'|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'|(?:[uU]&)?"(?:[^"]|"")*")`,
    String.raw`(?<dollar>\$(?<tag>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[^]*?\$\k<tag>\$)`,
    String.raw`(?<word>[\w\u0080-\uffff$.]+)`,
    String.raw`(?<operator>(?:(?!--|/\*)[-+*/<>=~!@#%^&|\x60?])+)`,
    String.raw`(?<other>[^])`,
  ].join('|'),
  'y',
);

/** Equal for two queries that differ in whitespace, comments and the case of keywords alone. */
export function canonicalSql(query: string): string {
  const tokens: string[] = [];
  let at = 0;
  while (at < query.length) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(query);
    if (found?.groups === undefined) throw new Error('Any character is a token.');
    const { space, comment, exact, dollar } = found.groups;
    if (comment !== undefined) {
      at = endOfComment(query, at);
      continue;
    }
    at += found[0].length;
    if (space !== undefined) continue;
    tokens.push(exact ?? dollar ?? found[0].replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()));
  }
  return JSON.stringify(tokens);
}

/** Comments nest. One that is not closed reaches to the end. */
function endOfComment(query: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  for (let depth = 0; ;) {
    const found = edge.exec(query);
    if (found === null) return query.length;
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
}
