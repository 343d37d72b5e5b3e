import { isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import { build, type BuildFailure, type Metafile, type Plugin } from 'esbuild';
import type { CodeEntry } from '../code-unit.ts';
import type { Module } from '../module.ts';
import type { ModuleGraph } from '../module-graph.ts';
import type { Root, Slice } from '../slice.ts';
import { checkPackages } from './check-packages.ts';
import { checkProjectCode } from './check-project-code.ts';
import { ENTRY, emitModules, lateModule } from './emit-modules.ts';
import { impossible } from './impossible.ts';

export interface BundleOptions {
  readonly graph: ModuleGraph;
  readonly slice: Slice;
  readonly root: Root;
  readonly entry: CodeEntry;
  /** The project's. */
  readonly folder: string;
  readonly inOrder: readonly Module[];
}

/**
 * One minified ES module of what an on-demand function reaches, with packages; its default export is the function.
 * @throws NATIVE_MODULE, BUNDLE_IMPOSSIBLE
 */
export async function buildBundle(options: BundleOptions): Promise<string> {
  const { entry, folder } = options;
  if (entry.onDemand === null) throw new Error('Only on-demand functions are bundled.');
  const subject = `on-demand view ${entry.onDemand}`;
  checkProjectCode(subject, options);
  const texts = emitModules(options);
  const { outputFiles, metafile } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    write: false,
    metafile: true,
    absWorkingDir: folder,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
    // Empty here, refused afterwards.
    loader: { '.node': 'empty' },
    plugins: [emitted(texts, options.graph)],
  }).catch((error: unknown) => {
    const [first] = (error as Partial<BuildFailure>).errors ?? [];
    throw impossible(subject, first?.text ?? String(error));
  });
  const { module } = 'unit' in options.root ? options.root.unit : options.root;
  await checkPackages(subject, { metafile, folder, from: `${FILES}:${module.path}` });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('The bundler wrote nothing.');
  return requiresBuiltins(metafile) ? REQUIRE + file.text : file.text;
}

const FILES = 'larder';

function emitted(texts: ReadonlyMap<string, string>, graph: ModuleGraph): Plugin {
  return {
    name: 'larder-emitted',
    setup(bundler) {
      bundler.onResolve({ filter: /.*/ }, ({ path, importer, namespace, kind }) => {
        if (isBuiltin(path)) return { path, external: true, sideEffects: false };
        if (path.endsWith('.node')) return { path, external: true };
        if (kind === 'entry-point' || (namespace === FILES && texts.has(path)))
          return { path, namespace: FILES };
        const late = namespace === FILES ? lateModule(graph, path, importer) : null;
        return late === null ? null : { path: late, namespace: FILES };
      });
      bundler.onLoad({ filter: /.*/, namespace: FILES }, ({ path }) => ({
        contents: texts.get(path) ?? '',
        loader: path.endsWith('.json') ? 'json' : 'js',
        resolveDir: dirname(path.replace(/^larder:[a-z-]+:?/, '')),
      }));
    },
  };
}

/** CommonJS packages require builtin modules when they run; nothing else can be required from a bundle. */
function requiresBuiltins({ outputs }: Metafile): boolean {
  return Object.values(outputs).some(({ imports }) => imports.some(({ kind }) => kind === 'require-call'));
}

const REQUIRE =
  'const require=n=>{const m=process.getBuiltinModule(n);if(m)return m;throw new Error(`${n} is not in the bundle.`)};';
