import { createHash } from 'node:crypto';
import { touchedBy } from './effects.ts';
import { exportNames, exportTarget, partTarget, type Target } from './link.ts';
import type { Module, Unit } from './module.ts';
import type { ModuleGraph } from './module-graph.ts';
import { isLarder } from './larder-package.ts';
import type { Part } from './template.ts';

/** Where some code begins. */
export type Root =
  | { readonly unit: Unit }
  /** An export, and what is wanted of it. */
  | { readonly module: Module; readonly name: string; readonly note: string };

/** What some code reaches in the project's modules, by the names that it uses; nothing else of these modules. */
export interface Slice {
  /** `ast-1:` and the SHA-256 of the code, whatever its files and names are called. */
  readonly identity: string;
  /** Units in the order in which they are found. */
  readonly units: readonly Unit[];
  /** Modules of the units, and those that pass a name on. */
  readonly modules: ReadonlySet<Module>;
  /** Namespaces that are used as objects, also by `import()`. */
  readonly namespaces: ReadonlySet<Module>;
  /** The unit that led to another. */
  readonly through: ReadonlyMap<Unit, Unit>;
}

const ALGORITHM = 'ast-1';

/**
 * Follows every name from the root: a declaration counts when reached code refers to it, another statement when it may
 * change something that is reached. What is reached is numbered in the order in which it is found, so that no name of a
 * file or of a top-level variable is part of the identity. Initial values are taken to change nothing but themselves.
 *
 * @param entries modules that are evaluated first, with all that they import
 */
export function sliceCode(graph: ModuleGraph, entries: readonly Module[], root: Root): Slice {
  const hash = createHash('sha256');
  const numbers = new Map<Unit | Module, number>();
  const waiting: (Unit | Module)[] = [];
  const units: Unit[] = [];
  const modules = new Set<Module>();
  const namespaces = new Set<Module>();
  const through = new Map<Unit, Unit>();

  const numberOf = (found: Unit | Module, from: Unit | null): number => {
    const known = numbers.get(found);
    if (known !== undefined) return known;
    numbers.set(found, numbers.size);
    waiting.push(found);
    if ('template' in found && from !== null) through.set(found, from);
    return numbers.size - 1;
  };
  const tokenOf = (target: Target, from: Unit | null): string => {
    switch (target.kind) {
      case 'unit':
        return `#${numberOf(target.unit, from)}.${target.index}`;
      case 'part':
        return `#${numberOf(target.unit, from)}:${target.name}`;
      case 'namespace':
        return `#${numberOf(target.module, from)}`;
      case 'package':
        return `package ${packageOf(target.specifier)} ${target.name}`;
      case 'missing':
        return `missing ${target.name}`;
    }
  };
  const writeUnit = (unit: Unit): void => {
    units.push(unit);
    modules.add(unit.module);
    const token = (part: Exclude<Part, string>): string =>
      tokenOf(
        partTarget(graph, unit.module, part, (passed) => modules.add(passed)),
        unit,
      );
    for (const part of unit.template) hash.update(typeof part === 'string' ? part : token(part));
    hash.update('\n');
  };
  const writeNamespace = (module: Module): void => {
    namespaces.add(module);
    modules.add(module);
    for (const name of exportNames(graph, module))
      hash.update(
        `${name} ${tokenOf(
          exportTarget(graph, module, name, (passed) => modules.add(passed)),
          null,
        )}\n`,
      );
  };
  const writeWaiting = (): void => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      if ('template' in next) writeUnit(next);
      else writeNamespace(next);
  };

  if ('unit' in root) writeUnit(root.unit);
  else {
    modules.add(root.module);
    const target = exportTarget(graph, root.module, root.name, (passed) => modules.add(passed));
    hash.update(`${tokenOf(target, null)} ${root.note}\n`);
  }
  writeWaiting();
  const reached = (unit: Unit): boolean => numbers.has(unit);
  for (let more = true; more;) {
    more = false;
    for (const effect of graph.inOrder([...entries, ...namespaces]).flatMap(({ effects }) => effects)) {
      if (reached(effect) || ![...touchedBy(graph, effect)].some(reached)) continue;
      numbers.set(effect, numbers.size);
      writeUnit(effect);
      writeWaiting();
      more = true;
    }
  }
  return { identity: `${ALGORITHM}:${hash.digest('hex')}`, units, modules, namespaces, through };
}

/** Larder's package has had two names. */
function packageOf(specifier: string): string {
  return isLarder(specifier) ? 'larder' : specifier;
}
