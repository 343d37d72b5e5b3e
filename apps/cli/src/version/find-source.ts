import type { Identifier, Program, Statement, ModuleDeclaration } from 'acorn';
import { calleeName, type ViewDefinition } from './find-definition.ts';
import { findReferences } from './find-references.ts';

/** `source: parcels` of a view: a constant, as a computation that imports its type needs it. */
export interface SourceConstant {
  readonly name: string;
  /** The name within the view's definition. */
  readonly node: Identifier;
  readonly shorthand: boolean;
  /** `export const parcels = sqlSource({ … })`. Null: other definitions use it too, it is not written in this module, or it is an event source. */
  readonly statement: Statement | ModuleDeclaration | null;
}

/** The constant that a view names as its source; null for a source that is written in place. */
export function findSource(program: Program, { call, statement }: ViewDefinition): SourceConstant | null {
  const options = call.arguments[1];
  if (options?.type !== 'ObjectExpression') return null;
  for (const property of options.properties) {
    if (property.type !== 'Property' || property.computed || property.key.type !== 'Identifier') continue;
    if (property.key.name !== 'source' || property.value.type !== 'Identifier') continue;
    const { name } = property.value;
    const references = findReferences(program, name);
    const own = references?.every(({ node }) => node.start >= statement.start && node.end <= statement.end);
    return {
      name,
      node: property.value,
      shorthand: property.shorthand,
      statement: own === true ? declarationOf(program, name) : null,
    };
  }
  return null;
}

function declarationOf({ body }: Program, name: string): Statement | ModuleDeclaration | null {
  for (const statement of body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type !== 'VariableDeclaration' || declaration.declarations.length !== 1) continue;
    const [declarator] = declaration.declarations;
    if (declarator?.id.type !== 'Identifier' || declarator.id.name !== name) continue;
    const { init } = declarator;
    const callee = init?.type === 'CallExpression' ? calleeName(init) : null;
    // An event source has a name of its own, which no second one may have.
    return callee?.endsWith('Source') && callee !== 'eventSource' ? statement : null;
  }
  return null;
}
