import { fileURLToPath } from 'node:url';
import { collectDefinitions } from '../project/collect-definitions.ts';
import { viewRef } from '../manifest/manifest.ts';
import type { FeatureView } from '../definition/feature-view.ts';
import { buildBundle } from './bundle/build-bundle.ts';
import { rootOf } from './code-root.ts';
import type { CodeEntry, CodeUnit, ProjectCode } from './code-unit.ts';
import { createLegacyHasher } from './legacy-hash.ts';
import type { Module } from './module.ts';
import { createModuleGraph } from './module-graph.ts';
import { writtenFunctions } from './on-demand-code.ts';
import { projectSource } from './project-source.ts';
import { sliceCode } from './slice.ts';
import { storeSources } from './stored-sources.ts';
import { relative } from 'node:path';

export interface ProjectCodeOptions {
  readonly root: string;
  readonly configPath: string;
  /** What the config exports. */
  readonly exports: Readonly<Record<string, unknown>>;
  readonly featureViews: readonly FeatureView[];
  /** Also the post-processing of models. */
  readonly onDemandFeatureViews: readonly { readonly name: string }[];
}

/**
 * The code of a project's definitions. Every module is read and parsed once; identities follow from the syntax trees.
 * @throws Error naming the file that cannot be read or parsed
 */
export async function readProjectCode(options: ProjectCodeOptions): Promise<ProjectCode> {
  const { root, configPath } = options;
  const graph = createModuleGraph(projectSource);
  const legacy = createLegacyHasher(configPath);

  const unitOf = (module: Module, entries: readonly Module[], from: Omit<CodeEntry, 'path'>): CodeUnit => {
    const begin = rootOf(graph, module, from);
    const slice = sliceCode(graph, entries, begin);
    const inOrder = (): readonly Module[] => graph.inOrder([...entries, ...slice.namespaces]);
    const entry = { path: relative(root, module.path), ...from };
    return {
      identity: slice.identity,
      legacySha256: () =>
        from.onDemand === null ? legacy.hashModule(module.path) : legacy.hashOnDemand(from.onDemand),
      sources: () => Promise.resolve(storeSources(graph, slice, { root, entry, inOrder: inOrder() })),
      bundle: () => buildBundle({ graph, slice, root: begin, entry, folder: root, inOrder: inOrder() }),
    };
  };

  const computations = new Map<string, CodeUnit>();
  for (const view of options.featureViews) {
    if (view.compute?.codeUrl === undefined) continue;
    const module = await graph.load(fileURLToPath(view.compute.codeUrl));
    computations.set(viewRef(view), unitOf(module, [module], { onDemand: null }));
  }
  const onDemand = new Map<string, CodeUnit>();
  if (options.onDemandFeatureViews.length > 0) {
    const config = await graph.load(configPath);
    const written = new Map<string, Module[]>();
    for (const module of graph.inOrder([config]))
      for (const [name, units] of writtenFunctions(graph, module))
        written.set(name, [...(written.get(name) ?? []), ...units.map(() => module)]);
    for (const { name } of options.onDemandFeatureViews) {
      const [module, ...others] = written.get(name) ?? [];
      onDemand.set(
        name,
        module !== undefined && others.length === 0
          ? unitOf(module, [config], { onDemand: name })
          : unitOf(config, [config], { onDemand: name, export: exportOf(options.exports, name) }),
      );
    }
  }
  return { onDemand, computations };
}

/** The export that is the view, else the first one that leads to it. */
function exportOf(exports: Readonly<Record<string, unknown>>, view: string): string {
  const leading = Object.keys(exports).filter((name) => leadsTo(exports[name], view));
  const own = leading.find((name) => (exports[name] as { readonly name?: unknown }).name === view);
  const found = own ?? leading[0];
  if (found === undefined) throw new Error(`No export leads to ${view}.`);
  return found;
}

function leadsTo(value: unknown, view: string): boolean {
  const { onDemandFeatureViews, postProcesses } = collectDefinitions({ value });
  return [...onDemandFeatureViews, ...postProcesses].some(({ name }) => name === view);
}
