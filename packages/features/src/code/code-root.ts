import type { CodeEntry } from './code-unit.ts';
import type { Module } from './module.ts';
import type { ModuleGraph } from './module-graph.ts';
import { writtenFunctions } from './on-demand-code.ts';
import type { Root } from './slice.ts';

/** The code of an entry. @throws Error when the module does not have it */
export function rootOf(graph: ModuleGraph, module: Module, entry: Omit<CodeEntry, 'path'>): Root {
  if (entry.onDemand === null) return { module, name: 'default', note: '' };
  if (entry.export !== undefined) return { module, name: entry.export, note: entry.onDemand };
  const [unit] = writtenFunctions(graph, module).get(entry.onDemand) ?? [];
  if (unit === undefined) throw new Error(`${module.path} does not define ${entry.onDemand}.`);
  return { unit };
}
