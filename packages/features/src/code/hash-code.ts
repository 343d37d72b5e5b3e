import { createHash } from 'node:crypto';
import { isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { findOnDemandFunctions } from './find-on-demand.ts';
import { readUserModule, USER_MODULE, withPureInitializers, type UserModule } from './user-module.ts';

/**
 * Hashes what a project's own code does: SHA-256 (hex) of the minified code that a function reaches in the
 * project's own files, without packages. Comments, whitespace and unrelated definitions do not count.
 */
export interface CodeHasher {
  /** The default export of a module. @throws Error when it cannot be bundled */
  hashModule(path: string): Promise<string>;
  /**
   * The `compute` of an on-demand view. If it is not defined at the top level of a module under a literal name
   * (a factory made it), the hash covers the whole project's code: never too little, sometimes too much.
   */
  hashOnDemand(name: string): Promise<string>;
  /** The same as one self-contained module, with packages. */
  bundleOnDemand(name: string): Promise<string>;
}

export function createCodeHasher(configPath: string): CodeHasher {
  const modules = new Map<string, Promise<UserModule>>();
  const read: ReadModule = (path) => {
    const known = modules.get(path) ?? readUserModule(path);
    modules.set(path, known);
    return known;
  };
  const allExports = (path: string) =>
    hashExports(`export * from ${quote(path)}; export { default } from ${quote(path)};`, read);
  const readProject = async () => {
    // Bundling the whole project reads every module once, and finds where the functions are defined.
    const sha256OfAll = await allExports(configPath);
    return { sha256OfAll, functions: await onDemandFunctions(modules) };
  };
  let project: ReturnType<typeof readProject> | undefined;
  return {
    hashModule: allExports,
    hashOnDemand: async (name) => {
      project ??= readProject();
      const { sha256OfAll, functions } = await project;
      const [only, ...others] = functions.get(name) ?? [];
      if (only === undefined || others.length > 0) return sha256(`${name}\n${sha256OfAll}`);
      return hashExports(`export { ${COMPUTE} as default } from ${quote(only.path)};`, read, only);
    },
    bundleOnDemand: async (name) => {
      project ??= readProject();
      const [only] = (await project).functions.get(name) ?? [];
      if (only === undefined) throw new Error(`${name} is not written at the top level of a module.`);
      const entry = `export { ${COMPUTE} as default } from ${quote(only.path)};`;
      const { outputFiles } = await build({
        ...bundling(entry, readingUserModules(read, only, 'bundled')),
        minify: true,
      });
      return outputFiles[0]?.text ?? '';
    },
  };
}

type ReadModule = (path: string) => Promise<UserModule>;

interface WrittenFunction {
  readonly path: string;
  readonly compute: string;
}

const RESOLVED = Symbol('resolved');
const COMPUTE = '__larder_compute';

async function onDemandFunctions(
  modules: ReadonlyMap<string, Promise<UserModule>>,
): Promise<Map<string, WrittenFunction[]>> {
  const functions = new Map<string, WrittenFunction[]>();
  for (const [path, module] of modules) {
    for (const [name, written] of findOnDemandFunctions(await module)) {
      functions.set(name, [...(functions.get(name) ?? []), ...written.map((compute) => ({ path, compute }))]);
    }
  }
  return functions;
}

/** `addition`: an extra expression for the module to export, evaluated at its top level. */
async function hashExports(entry: string, read: ReadModule, addition?: WrittenFunction): Promise<string> {
  const { outputFiles } = await build(bundling(entry, readingUserModules(read, addition)));
  return sha256(outputFiles.map((file) => file.text).join('\n'));
}

function bundling(entry: string, plugin: Plugin) {
  return {
    stdin: { contents: entry, resolveDir: '/' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'esnext',
    treeShaking: true,
    // Identifiers are not minified: their short names would also depend on code that is left out.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'silent',
    plugins: [plugin],
  } satisfies BuildOptions & { readonly write: false };
}

function readingUserModules(
  read: ReadModule,
  addition: WrittenFunction | undefined,
  packages: 'external' | 'bundled' = 'external',
): Plugin {
  return {
    name: 'larder-user-modules',
    setup(bundle) {
      // Marked free of side effects, so that a package that the function does not use leaves no trace.
      bundle.onResolve({ filter: /^[^./#]/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (/^[A-Za-z]:/.test(path) || pluginData === RESOLVED || isBuiltin(path)) return null;
        if (packages === 'external') return { path, external: true, sideEffects: false };
        if (importer.includes('/node_modules/')) return null;
        const found = await bundle.resolve(path, { kind, importer, resolveDir, pluginData: RESOLVED });
        return { path: found.path, errors: found.errors, sideEffects: false };
      });
      bundle.onLoad({ filter: USER_MODULE }, async ({ path }) => {
        if (path.includes('/node_modules/')) return null;
        const contents = withPureInitializers(await read(path));
        const added = addition?.path === path ? `\nexport const ${COMPUTE} = (${addition.compute});` : '';
        return { contents: contents + added, loader: 'js', resolveDir: dirname(path) };
      });
    },
  };
}

function quote(path: string): string {
  return JSON.stringify(path);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
