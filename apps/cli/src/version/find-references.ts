import type { AnyNode, Identifier, Program } from 'acorn';
import { calleeName, nodesOf } from './find-definition.ts';

export interface Reference {
  readonly node: Identifier;
  /** `{ adImage }`: the name of a member as well. */
  readonly shorthand: boolean;
  /** It decides what a model reads: within `model(…)` or `onDemandFeatureView(…)`. */
  readonly read: boolean;
}

/** Every use of a top-level name in the module; null when another binding has the same name, so that it cannot be told. */
export function findReferences(program: Program, name: string): Reference[] | null {
  const references: Reference[] = [];
  let bindings = 0;
  for (const statement of program.body) {
    const read = readsFeatures(statement);
    for (const { node, parent } of nodesOf(statement)) {
      if (node.type !== 'Identifier' || node.name !== name || parent === null) continue;
      if (isBinding(node, parent)) bindings++;
      else if (parent.type === 'ExportSpecifier') return null;
      else if (!isMemberName(node, parent)) {
        const shorthand = parent.type === 'Property' && parent.shorthand;
        // A shorthand's key and value are one node in the text.
        if (!references.some((known) => known.node.start === node.start))
          references.push({ node, shorthand, read });
      }
    }
  }
  return bindings === 1 ? references : null;
}

function readsFeatures(statement: AnyNode): boolean {
  return nodesOf(statement).some(
    ({ node }) =>
      node.type === 'CallExpression' && ['model', 'onDemandFeatureView'].includes(calleeName(node) ?? ''),
  );
}

function isBinding(node: Identifier, parent: AnyNode): boolean {
  switch (parent.type) {
    case 'VariableDeclarator':
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ClassDeclaration':
      return parent.id === node || ('params' in parent && parent.params.includes(node));
    case 'ArrowFunctionExpression':
      return parent.params.includes(node);
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
      return parent.local === node;
    case 'ArrayPattern':
    case 'RestElement':
    case 'AssignmentPattern':
      return !(parent.type === 'AssignmentPattern' && parent.right === node);
    default:
      return false;
  }
}

function isMemberName(node: Identifier, parent: AnyNode): boolean {
  if (parent.type === 'MemberExpression') return parent.property === node && !parent.computed;
  if (
    parent.type === 'Property' ||
    parent.type === 'MethodDefinition' ||
    parent.type === 'PropertyDefinition'
  )
    return parent.key === node && !parent.computed && !(parent.type === 'Property' && parent.shorthand);
  return parent.type === 'LabeledStatement' || parent.type === 'ImportSpecifier';
}
