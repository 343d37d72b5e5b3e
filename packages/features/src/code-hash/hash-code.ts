import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { build, transform, type Plugin } from 'esbuild';
import { findOnDemandFunctions } from './find-on-demand.ts';
import { readUserModule, USER_MODULE, withPureInitializers, type UserModule } from './user-module.ts';

/**
 * Hashes what a project's own code does: SHA-256 (hex) of the minified code that a function reaches in the
 * project's own files; packages stay out. Comments, whitespace and definitions beside it do not count.
 */
export interface CodeHasher {
  /** The default export of a module. @throws Error when it cannot be bundled */
  hashModule(path: string): Promise<string>;
  /**
   * The `compute` of an on-demand view. One that is not written at the top level of a module under a literal name
   * (a factory made it) counts as the whole project's code: never too little, sometimes too much.
   */
  hashOnDemand(name: string): Promise<string>;
}

export async function createCodeHasher(configPath: string): Promise<CodeHasher> {
  const modules = new Map<string, Promise<UserModule>>();
  const read = (path: string): Promise<UserModule> => {
    const known = modules.get(path) ?? readUserModule(path);
    modules.set(path, known);
    return known;
  };
  const hashModule = (path: string) =>
    hashExports(`export * from ${quote(path)}; export { default } from ${quote(path)};`, read, new Map());
  // Filled by reading every module of the project once.
  const project = hashExports(
    `export * from ${quote(configPath)}; import ${quote(configPath)};`,
    read,
    new Map(),
  );
  const functions = project.then(() => onDemandFunctions(modules));
  return {
    hashModule,
    hashOnDemand: async (name) => {
      const written = (await functions).get(name) ?? [];
      const [only] = written;
      if (only === undefined || written.length > 1) return sha256(`${name}\n${await project}`);
      const entry = `export { ${COMPUTE} as default } from ${quote(only.path)};`;
      return hashExports(entry, read, new Map([[only.path, only.compute]]));
    },
  };
}

interface WrittenFunction {
  readonly path: string;
  readonly compute: string;
}

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

/** `additions` by module: an expression that it exports besides, seen from its own top level. */
async function hashExports(
  entry: string,
  read: (path: string) => Promise<UserModule>,
  additions: ReadonlyMap<string, string>,
): Promise<string> {
  const load: Plugin = {
    name: 'larder-user-modules',
    setup(bundle) {
      // Without effects: a package that the function does not use leaves no trace.
      bundle.onResolve({ filter: /^[^./#]/ }, ({ path, kind }) =>
        kind === 'entry-point' || /^[A-Za-z]:/.test(path)
          ? null
          : { path, external: true, sideEffects: false },
      );
      bundle.onLoad({ filter: USER_MODULE }, async ({ path }) => {
        const addition = additions.get(path);
        const contents = withPureInitializers(await read(path));
        return {
          contents:
            addition === undefined ? contents : `${contents}\nexport const ${COMPUTE} = (${addition});`,
          loader: 'js',
          resolveDir: dirname(path),
        };
      });
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: '/', sourcefile: 'entry.js' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'esnext',
    treeShaking: true,
    legalComments: 'none',
    logLevel: 'silent',
    plugins: [load],
  });
  const bundle = outputFiles.map((file) => file.text).join('\n');
  // A second pass, because names that minify to letters are counted over all the text that was read in the first.
  const { code } = await transform(bundle, {
    minify: true,
    format: 'esm',
    target: 'esnext',
    legalComments: 'none',
    logLevel: 'silent',
  });
  return sha256(code);
}

function quote(path: string): string {
  return JSON.stringify(path);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
