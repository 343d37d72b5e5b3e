import { posix, relative } from 'node:path';
import type { CodeEntry, CodeSources } from './code-unit.ts';
import { rootOf } from './code-root.ts';
import type { Module } from './module.ts';
import { createModuleGraph, type ModuleGraph, type ModuleSource } from './module-graph.ts';
import { sliceCode, type Slice } from './slice.ts';

/** Sources are laid out as if their project were here; nothing is read from disk. */
const ROOT = `/${'-/'.repeat(16)}project`;

/** The modules of a slice, with what it takes to follow their imports again. */
export function storeSources(
  graph: ModuleGraph,
  slice: Slice,
  { root, entry, inOrder }: StoreOptions,
): CodeSources {
  const name = (path: string): string => relative(root, path);
  const ordered = [
    ...inOrder.filter((module) => slice.modules.has(module)),
    ...[...slice.modules].filter((module) => !inOrder.includes(module)),
  ];
  const aliases = ordered.flatMap((module) => {
    const own = [...module.specifiers, ...module.lateSpecifiers].flatMap((specifier) => {
      const path = graph.resolve(specifier, module.path);
      if (path === null || posix.resolve(posix.dirname(module.path), specifier) === path) return [];
      return [[specifier, name(path)] as const];
    });
    return own.length === 0 ? [] : [[name(module.path), Object.fromEntries(own)] as const];
  });
  return {
    entry,
    modules: Object.fromEntries(ordered.map(({ path, source }) => [name(path), source])),
    ...(aliases.length === 0 ? {} : { aliases: Object.fromEntries(aliases) }),
  };
}

interface StoreOptions {
  /** The project's folder. */
  readonly root: string;
  readonly entry: CodeEntry;
  /** The graph's modules in the order in which they are evaluated. */
  readonly inOrder: readonly Module[];
}

export interface OpenedSources {
  readonly slice: Slice;
  /** As it was in the project. */
  pathOf(module: Module): string;
}

/** @throws Error when a module cannot be parsed */
export async function openSources(sources: CodeSources): Promise<OpenedSources> {
  const graph = createModuleGraph(storedSource(sources));
  const modules: Module[] = [];
  for (const path of Object.keys(sources.modules)) modules.push(await graph.load(absolute(path)));
  const entry = graph.get(absolute(sources.entry.path));
  if (entry === undefined) throw new Error(`The sources lack their entry ${sources.entry.path}.`);
  return {
    slice: sliceCode(graph, modules, rootOf(graph, entry, sources.entry)),
    pathOf: ({ path }) => relative(ROOT, path),
  };
}

function storedSource({ modules, aliases = {} }: CodeSources): ModuleSource {
  const texts = new Map(Object.entries(modules).map(([path, text]) => [absolute(path), text]));
  const aliased = new Map(
    Object.entries(aliases).flatMap(([from, each]) =>
      Object.entries(each).map(
        ([specifier, path]) => [`${absolute(from)} ${specifier}`, absolute(path)] as const,
      ),
    ),
  );
  return {
    // A module that the code does not reach was not stored.
    read: (path) => Promise.resolve(texts.get(path) ?? null),
    resolve: (specifier, from) =>
      aliased.get(`${from} ${specifier}`) ??
      (/^\.{0,2}\//.test(specifier) ? posix.resolve(posix.dirname(from), specifier) : null),
  };
}

function absolute(path: string): string {
  return posix.resolve(ROOT, path);
}
