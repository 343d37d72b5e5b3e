import { relative } from 'node:path';
import type { AnyNode } from 'acorn';
import { isLarder } from '../larder-package.ts';
import { partTarget } from '../link.ts';
import type { Unit } from '../module.ts';
import type { ModuleGraph } from '../module-graph.ts';
import { childrenOf } from '../names.ts';
import type { Root, Slice } from '../slice.ts';
import { impossible } from './impossible.ts';

export interface ProjectCodeCheck {
  readonly graph: ModuleGraph;
  readonly slice: Slice;
  readonly root: Root;
  readonly folder: string;
}

/** @throws BUNDLE_IMPOSSIBLE for code of the project that needs its place on disk, or Larder */
export function checkProjectCode(subject: string, { graph, slice, root, folder }: ProjectCodeCheck): void {
  const wayTo = (unit: Unit): string => {
    const way: string[] = [];
    for (let at: Unit | undefined = unit; at; at = slice.through.get(at))
      way.unshift(`${at.label} in ${relative(folder, at.module.path)}`);
    return way.join(' → ');
  };
  for (const unit of slice.units) {
    const problem = unit.node === null ? null : problemOf(unit.node, unit);
    if (problem !== null) throw impossible(subject, `${problem} (${wayTo(unit)})`);
    // A function that makes views calls Larder where the bundle is loaded; see the stand-in.
    if (!('unit' in root)) continue;
    for (const part of unit.template) {
      const target = typeof part === 'string' ? null : partTarget(graph, unit.module, part);
      if (target?.kind === 'package' && isLarder(target.specifier))
        throw impossible(
          subject,
          `it uses Larder's ${target.name === '*' ? 'package' : target.name}, which a bundle does not contain; keep what the function needs in constants of its own (${wayTo(unit)})`,
        );
      if (target?.kind === 'missing')
        throw impossible(subject, `${target.name} is imported, but does not exist (${wayTo(unit)})`);
    }
  }
}

function problemOf(root: AnyNode, { module, template }: Unit): string | null {
  const cut = template.filter((part) => typeof part !== 'string' && 'definition' in part);
  const nodes = [root];
  for (const node of nodes) {
    if (cut.some((part) => part.start === node.start && part.end === node.end)) continue;
    if (node.type === 'MetaProperty' && node.meta.name === 'import')
      return 'it uses import.meta, but a bundle has no place on disk; import data as a module (import words from "./words.json" with { type: "json" })';
    if (node.type === 'ImportExpression' && node.source.type !== 'Literal')
      return 'it imports a path that is computed while it runs; name the module in the import';
    if (
      node.type === 'Identifier' &&
      /^__(?:dirname|filename)$/.test(node.name) &&
      !module.parsed?.names.variables.has(node)
    )
      return `it uses ${node.name}, but a bundle has no place on disk`;
    nodes.push(...childrenOf(node));
  }
  return null;
}
