import type { AnyNode, CallExpression, Property } from 'acorn';
import { FUNCTION_CONSTRUCTORS } from './larder-package.ts';
import { partTarget } from './link.ts';
import { unitOf, type Module, type Unit } from './module.ts';
import type { ModuleGraph } from './module-graph.ts';
import { childrenOf, isFunctionOrClass, declarationOf } from './names.ts';

/** Name of the constant that holds the function in its module. */
export const COMPUTE = '__larder_compute';

/**
 * The `compute` of each on-demand view and post-processing that a module defines at its top level under a literal name. Elsewhere, as in a
 * function that makes views, the text alone would not say what it refers to.
 */
export function writtenFunctions(graph: ModuleGraph, module: Module): Map<string, Unit[]> {
  const found = new Map<string, Unit[]>();
  const { parsed } = module;
  if (parsed === null || !parsed.text.includes('compute')) return found;
  for (const call of parsed.program.body.flatMap(evaluatedCalls)) {
    const written = isConstructor(graph, module, call.callee) ? computeOf(call) : null;
    if (written === null) continue;
    const { method, value, key } = written.compute;
    const keyword = value.type === 'FunctionExpression' && value.async ? 'async function' : 'function';
    const unit = unitOf(module, value, {
      label: `the function of ${written.name}`,
      declares: [{ name: COMPUTE, top: true }],
      before: `const ${COMPUTE} = (${method ? keyword : ''}`,
      after: ');',
      start: method ? key.end : value.start,
    });
    found.set(written.name, [...(found.get(written.name) ?? []), unit]);
  }
  return found;
}

/** Calls that evaluating the module makes, outside of functions, blocks and loops. */
function evaluatedCalls(statement: AnyNode): CallExpression[] {
  const root = declarationOf(statement);
  if (!root || !/^(?:VariableDeclaration|ExpressionStatement|.*Expression)$/.test(root.type)) return [];
  const nodes = [root];
  for (const node of nodes) {
    if (isFunctionOrClass(node)) continue;
    nodes.push(...childrenOf(node));
  }
  return nodes.filter((node) => node.type === 'CallExpression');
}

/** `onDemandFeatureView` or `postProcess` of a package, whatever name it is imported under. */
function isConstructor(graph: ModuleGraph, module: Module, callee: AnyNode): boolean {
  const target = calleeTarget(graph, module, callee);
  return target?.kind === 'package' && FUNCTION_CONSTRUCTORS.has(target.name);
}

function calleeTarget(graph: ModuleGraph, module: Module, callee: AnyNode) {
  const variables = module.parsed?.names.variables;
  if (callee.type === 'Identifier') {
    const variable = variables?.get(callee);
    return variable?.top ? partTarget(graph, module, variable) : undefined;
  }
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return undefined;
  const namespace = variables?.get(callee.object);
  if (namespace === undefined || module.imports.get(namespace)?.name !== '*') return undefined;
  return partTarget(graph, module, { namespace, name: callee.property.name });
}

function computeOf(call: CallExpression): { readonly name: string; readonly compute: Property } | null {
  const [name, options] = call.arguments;
  if (name?.type !== 'Literal' || typeof name.value !== 'string' || options?.type !== 'ObjectExpression')
    return null;
  const at = options.properties.findLastIndex(
    (property) =>
      property.type === 'SpreadElement' ||
      (property.key.type === 'Identifier' && !property.computed && property.key.name === 'compute'),
  );
  const compute = options.properties[at];
  return compute?.type === 'Property' ? { name: name.value, compute } : null;
}
