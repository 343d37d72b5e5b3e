import type { AnyNode, Property } from 'acorn';
import { reachedNodes, type UserModule } from './user-module.ts';

/** JavaScript of the `compute` of each on-demand view that a module defines at its top level under a literal name. */
export function findOnDemandFunctions(module: UserModule): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const node of module.program.body.flatMap((statement) => reachedNodes(statement))) {
    const definition = onDemandCall(node);
    if (definition === null) continue;
    found.set(definition.name, [
      ...(found.get(definition.name) ?? []),
      computeText(module.text, definition.compute),
    ]);
  }
  return found;
}

/** `onDemandFeatureView('moment', { …, compute })`, whatever name the constructor is imported under. */
function onDemandCall(node: AnyNode): { readonly name: string; readonly compute: Property } | null {
  if (node.type !== 'CallExpression') return null;
  const [name, options] = node.arguments;
  if (name?.type !== 'Literal' || typeof name.value !== 'string' || options?.type !== 'ObjectExpression')
    return null;
  const compute = options.properties.find(
    (property): property is Property =>
      property.type === 'Property' &&
      property.key.type === 'Identifier' &&
      !property.computed &&
      property.key.name === 'compute',
  );
  return compute === undefined ? null : { name: name.value, compute };
}

function computeText(text: string, { method, value, key }: Property): string {
  return method ? `function ${text.slice(key.end, value.end)}` : text.slice(value.start, value.end);
}
