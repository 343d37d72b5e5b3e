import type { Export, Import, Module, Unit } from './module.ts';
import type { ModuleGraph } from './module-graph.ts';
import type { Variable } from './names.ts';
import type { Part } from './template.ts';

/** What a name stands for, through every import and re-export. */
export type Target =
  | {
      readonly kind: 'unit';
      readonly unit: Unit;
      /** Among what the unit declares. */ readonly index: number;
    }
  /** An export of a module that is one unit. */
  | { readonly kind: 'part'; readonly unit: Unit; readonly name: string }
  | { readonly kind: 'namespace'; readonly module: Module }
  | { readonly kind: 'package'; readonly specifier: string; readonly name: string }
  /** An import that does not resolve. */
  | { readonly kind: 'missing'; readonly name: string };

/** Called for every module on the way to a target. */
type OnPass = (module: Module) => void;

export function partTarget(
  graph: ModuleGraph,
  module: Module,
  part: Exclude<Part, string>,
  onPass: OnPass = () => {},
): Target {
  if ('definition' in part) return { kind: 'package', specifier: 'larder', name: part.definition };
  if ('specifier' in part) return importTarget(graph, module, { ...part, name: '*' }, onPass);
  if (!('namespace' in part)) return variableTarget(graph, module, part, onPass);
  const whole = variableTarget(graph, module, part.namespace, onPass);
  if (whole.kind === 'package') return { ...whole, name: part.name };
  if (whole.kind !== 'namespace') return whole;
  return exportTarget(graph, whole.module, part.name, onPass);
}

export function exportTarget(
  graph: ModuleGraph,
  module: Module,
  name: string,
  onPass: OnPass = () => {},
): Target {
  return findExport(graph, { module, name, onPass, seen: new Set() }) ?? { kind: 'missing', name };
}

/** Names that a namespace has, sorted. */
export function exportNames(graph: ModuleGraph, module: Module, seen = new Set<Module>()): string[] {
  if (seen.has(module)) return [];
  seen.add(module);
  const inherited = module.stars.flatMap((specifier) => {
    const from = graph.imported(specifier, module);
    return from === undefined ? [] : exportNames(graph, from, seen).filter((name) => name !== 'default');
  });
  return [...new Set([...module.exports.keys(), ...inherited])].sort();
}

function variableTarget(graph: ModuleGraph, module: Module, variable: Variable, onPass: OnPass): Target {
  const imported = module.imports.get(variable);
  if (imported !== undefined) return importTarget(graph, module, imported, onPass);
  const unit = module.declarations.get(variable);
  if (unit === undefined) return { kind: 'missing', name: variable.name };
  return { kind: 'unit', unit, index: unit.declares.indexOf(variable) };
}

function importTarget(
  graph: ModuleGraph,
  module: Module,
  { specifier, name }: Import,
  onPass: OnPass,
): Target {
  const from = graph.imported(specifier, module);
  if (from === undefined)
    return graph.resolve(specifier, module.path) === null
      ? { kind: 'package', specifier, name }
      : { kind: 'missing', name: specifier };
  onPass(from);
  if (from.whole !== null) return { kind: 'part', unit: from.whole, name };
  if (name === '*') return { kind: 'namespace', module: from };
  return exportTarget(graph, from, name, onPass);
}

interface Search {
  readonly module: Module;
  readonly name: string;
  readonly onPass: OnPass;
  readonly seen: Set<Module>;
}

function findExport(graph: ModuleGraph, { module, name, onPass, seen }: Search): Target | null {
  if (seen.has(module)) return null;
  seen.add(module);
  const found: Export | undefined = module.exports.get(name);
  if (found !== undefined)
    return 'local' in found
      ? variableTarget(graph, module, found.local, onPass)
      : importTarget(graph, module, found, onPass);
  if (name === 'default') return null;
  for (const specifier of module.stars) {
    const from = graph.imported(specifier, module);
    const inherited = from === undefined ? null : findExport(graph, { module: from, name, onPass, seen });
    if (inherited === null) continue;
    if (from !== undefined) onPass(from);
    return inherited;
  }
  return null;
}
