import { isLarder } from '../larder-package.ts';
import { exportNames, exportTarget, partTarget, type Target } from '../link.ts';
import type { Module, Unit } from '../module.ts';
import type { ModuleGraph } from '../module-graph.ts';
import { COMPUTE } from '../on-demand-code.ts';
import type { Root, Slice } from '../slice.ts';
import { DEFINITION, STAND_IN, STAND_IN_TEXT, standInFor } from './stand-in.ts';

export const ENTRY = 'larder:entry';
const NAMESPACE = 'larder:all-of:';

export interface EmitOptions {
  readonly graph: ModuleGraph;
  readonly slice: Slice;
  readonly root: Root;
  readonly inOrder: readonly Module[];
}

/** The modules of a slice for a bundler, by specifier: only what is reached, imported from where it is declared. */
export function emitModules({ graph, slice, root, inOrder }: EmitOptions): Map<string, string> {
  const units = Map.groupBy(slice.units, ({ module }) => module);
  const texts = new Map([[STAND_IN, STAND_IN_TEXT]]);
  for (const [module, own] of units)
    texts.set(module.path, module.whole === null ? emitUnits(graph, module, own) : module.source);
  for (const [module, names] of namespacesOf(graph, slice))
    texts.set(NAMESPACE + module.path, emitNamespace(graph, module, names));
  // Evaluated in the order of the project.
  const order = inOrder.filter((module) => units.has(module)).map(({ path }) => `import ${quote(path)};`);
  texts.set(ENTRY, [...order, ...emitRoot(graph, root)].join('\n'));
  return texts;
}

/** Where a bundler finds the module of an `import()`. */
export function lateModule(graph: ModuleGraph, specifier: string, importer: string): string | null {
  const path = graph.resolve(specifier, importer);
  if (path === null) return null;
  return graph.get(path)?.whole === null ? NAMESPACE + path : path;
}

function emitRoot(graph: ModuleGraph, root: Root): string[] {
  if ('unit' in root) return [`export { ${COMPUTE} as default } from ${quote(root.unit.module.path)};`];
  const from = placeOf(exportTarget(graph, root.module, root.name));
  return [
    from === null ? '' : `import ${quote(from.path)};`,
    `import { computeOf } from ${quote(STAND_IN)};`,
    `export default computeOf(${quote(root.note)});`,
  ];
}

function emitUnits(graph: ModuleGraph, module: Module, units: readonly Unit[]): string {
  const imports = new Set<string>();
  for (const part of units.flatMap(({ template }) => template)) {
    if (typeof part === 'string' || 'specifier' in part) continue;
    if ('definition' in part) {
      imports.add(`import { definition as ${DEFINITION} } from ${quote(STAND_IN)};`);
      continue;
    }
    const variable = 'namespace' in part ? part.namespace : part;
    const imported = module.imports.get(variable);
    if (imported === undefined) continue;
    const from = placeOf(partTarget(graph, module, variable)) ?? {
      path: imported.specifier,
      name: imported.name,
    };
    const clause = from.name === '*' ? `* as ${variable.name}` : `{ ${from.name} as ${variable.name} }`;
    imports.add(`import ${clause} from ${quote(from.path)};`);
  }
  const ordered = [...units].sort((a, b) => a.start - b.start);
  const names = ordered.flatMap(({ declares }) => declares.map(({ name }) => name));
  return [...imports, ...ordered.map(textOf), `export { ${names.join(', ')} };`].join('\n');
}

/** Modules that are imported as namespaces, with the names that are used of each. */
function namespacesOf(graph: ModuleGraph, slice: Slice): Map<Module, Set<string>> {
  const used = new Map([...slice.namespaces].map((module) => [module, new Set(exportNames(graph, module))]));
  for (const { module, template } of slice.units)
    for (const part of template) {
      if (typeof part === 'string' || !('namespace' in part)) continue;
      const target = partTarget(graph, module, part.namespace);
      if (target.kind !== 'namespace') continue;
      used.set(target.module, (used.get(target.module) ?? new Set()).add(part.name));
    }
  return used;
}

function emitNamespace(graph: ModuleGraph, module: Module, names: ReadonlySet<string>): string {
  return [...names]
    .map((name) => {
      const from = placeOf(exportTarget(graph, module, name));
      if (from === null) return '';
      const clause = from.name === '*' ? `* as ${quote(name)}` : `{ ${from.name} as ${quote(name)} }`;
      return `export ${clause} from ${quote(from.path)};`;
    })
    .join('\n');
}

function textOf({ module, template, start, end, before, after }: Unit): string {
  const text = module.parsed?.text ?? '';
  let written = '';
  let position = start;
  for (const part of template) {
    if (typeof part === 'string' || !('definition' in part)) continue;
    written += text.slice(position, part.start) + DEFINITION;
    position = part.end;
  }
  return before + written + text.slice(position, end) + after;
}

function placeOf(target: Target): { readonly path: string; readonly name: string } | null {
  switch (target.kind) {
    case 'unit':
      return { path: target.unit.module.path, name: target.unit.declares[target.index]?.name ?? '' };
    case 'part':
      return { path: target.unit.module.path, name: target.name };
    case 'namespace':
      return { path: NAMESPACE + target.module.path, name: '*' };
    case 'package':
      return isLarder(target.specifier)
        ? standInFor(target.name)
        : { path: target.specifier, name: target.name };
    case 'missing':
      return null;
  }
}

function quote(text: string): string {
  return JSON.stringify(text);
}
