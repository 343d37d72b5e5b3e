import type { AnyNode } from 'acorn';
import { partTarget } from './link.ts';
import type { Unit } from './module.ts';
import type { ModuleGraph } from './module-graph.ts';

const known = new WeakMap<ModuleGraph, Map<Unit, ReadonlySet<Unit>>>();

/**
 * What a statement may change when it is evaluated: everything that it mentions, and values that the functions among
 * these mention. It stops at other initial values, which were evaluated before it.
 */
export function touchedBy(graph: ModuleGraph, statement: Unit): ReadonlySet<Unit> {
  const ofGraph = known.get(graph) ?? new Map<Unit, ReadonlySet<Unit>>();
  known.set(graph, ofGraph);
  const before = ofGraph.get(statement);
  if (before !== undefined) return before;
  const touched = new Set(mentioned(graph, statement).filter((unit) => !isDefinition(unit)));
  const walked = new Set<Unit>();
  const waiting = [...touched];
  for (const unit of waiting) {
    if (walked.has(unit) || !holdsFunctions(unit.node)) continue;
    walked.add(unit);
    for (const inner of mentioned(graph, unit)) {
      if (!isFunction(inner.node) && !isDefinition(inner)) touched.add(inner);
      waiting.push(inner);
    }
  }
  ofGraph.set(statement, touched);
  return touched;
}

function mentioned(graph: ModuleGraph, unit: Unit): Unit[] {
  return unit.template.flatMap((part) => {
    if (typeof part === 'string') return [];
    const target = partTarget(graph, unit.module, part);
    if (target.kind === 'namespace') return [...target.module.declarations.values()];
    return 'unit' in target && target.unit !== unit ? [target.unit] : [];
  });
}

/** Larder's definitions never change. */
function isDefinition({ template: [part] }: Unit): boolean {
  return typeof part === 'object' && 'definition' in part;
}

/** A function, or an object of functions: calling it runs what it mentions. */
function holdsFunctions(node: AnyNode | null): boolean {
  return isFunction(node) || /^(?:Object|Array)Expression$/.test(node?.type ?? '');
}

function isFunction(node: AnyNode | null): boolean {
  return /Function|Class/.test(node?.type ?? '');
}
