import type { AnyNode, CallExpression, ExportNamedDeclaration, Literal, Program, Property } from 'acorn';

/** `export const adImage = featureView('ad_image', { version: 1, … })` as written in a module. */
export interface ViewDefinition {
  readonly statement: ExportNamedDeclaration;
  /** Name of the export. */
  readonly name: string;
  readonly version: number;
  readonly versionLiteral: Literal;
  readonly call: CallExpression;
}

const VIEW_FUNCTIONS: ReadonlySet<string> = new Set(['featureView', 'windowedFeatureView']);

/** Every definition of the view that is written as a plain literal. */
export function findDefinitions(program: Program, view: string): ViewDefinition[] {
  return program.body.flatMap((statement) => {
    if (statement.type !== 'ExportNamedDeclaration' || statement.declaration?.type !== 'VariableDeclaration')
      return [];
    const [declarator, ...others] = statement.declaration.declarations;
    if (declarator?.id.type !== 'Identifier' || others.length > 0) return [];
    const call = declarator.init;
    if (call?.type !== 'CallExpression' || !VIEW_FUNCTIONS.has(calleeName(call) ?? '')) return [];
    const [name, options] = call.arguments;
    if (name?.type !== 'Literal' || name.value !== view || options?.type !== 'ObjectExpression') return [];
    const version = options.properties.find(isVersion)?.value;
    if (version?.type !== 'Literal' || typeof version.value !== 'number') return [];
    return [{ statement, name: declarator.id.name, version: version.value, versionLiteral: version, call }];
  });
}

function isVersion(property: AnyNode): property is Property {
  return (
    property.type === 'Property' &&
    !property.computed &&
    ((property.key.type === 'Identifier' && property.key.name === 'version') ||
      (property.key.type === 'Literal' && property.key.value === 'version'))
  );
}

/** Name of the called function, also of `larder.featureView`. */
export function calleeName({ callee }: CallExpression): string | null {
  if (callee.type === 'Identifier') return callee.name;
  return callee.type === 'MemberExpression' && callee.property.type === 'Identifier'
    ? callee.property.name
    : null;
}

/** The node and every node below it, each after its parent. */
export function nodesOf(root: AnyNode): { readonly node: AnyNode; readonly parent: AnyNode | null }[] {
  const nodes: { node: AnyNode; parent: AnyNode | null }[] = [{ node: root, parent: null }];
  for (const { node } of nodes)
    for (const member of Object.values(node) as unknown[])
      for (const child of Array.isArray(member) ? (member as unknown[]) : [member])
        if (isNode(child)) nodes.push({ node: child, parent: node });
  return nodes;
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as AnyNode).type === 'string';
}
