import { stripTypeScriptTypes } from 'node:module';
import { parse, type Program } from 'acorn';

/** The syntax of a TypeScript module, read as Node reads it; positions are those of the text. @throws SyntaxError */
export function parseConfig(text: string): Program {
  return parse(withoutTypes(text), { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true });
}

/** Node replaces types with white space, so that every position stays. It calls this function experimental, on stderr. */
function withoutTypes(text: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    const stripped = stripTypeScriptTypes(text, { mode: 'strip' });
    if (stripped.length !== text.length) throw new SyntaxError('Types cannot be removed in place.');
    return stripped;
  } finally {
    process.emitWarning = emitWarning;
  }
}
