import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AnyNode, Expression, Program, Property } from 'acorn';
import { build, type Plugin } from 'esbuild';
import { childrenOf, isFunctionOrClass } from './names.ts';
import { parseUserModule, type UserModule } from './user-module.ts';

/** Modules whose text we read; other imported files (JSON) are bundled unchanged. */
const USER_MODULE = /\.m?[jt]s$/;

/**
 * Hashes code as releases did before identities named their algorithm, to recognise what these applied: SHA-256 (hex) of
 * a bundle of what the code reaches, which also names its files. Never changed: an upgrade of the bundler may give other
 * hashes, and stored sources are compared then.
 */
export interface LegacyHasher {
  /** The default export of a module. @throws Error when it cannot be bundled */
  hashModule(path: string): Promise<string>;
  /**
   * The `compute` of an on-demand view. If it is not defined at the top level of a module under a literal name
   * (a factory made it), the hash covers the whole project's code: never too little, sometimes too much.
   */
  hashOnDemand(name: string): Promise<string>;
}

export function createLegacyHasher(configPath: string): LegacyHasher {
  const modules = new Map<string, Promise<UserModule>>();
  const read: ReadModule = (path) => {
    const known = modules.get(path) ?? readFile(path, 'utf8').then((text) => parseUserModule(path, text));
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
  };
}

type ReadModule = (path: string) => Promise<UserModule>;

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
    for (const [name, written] of findFunctions(await module)) {
      functions.set(name, [...(functions.get(name) ?? []), ...written.map((compute) => ({ path, compute }))]);
    }
  }
  return functions;
}

/** `addition`: an extra expression for the module to export, evaluated at its top level. */
async function hashExports(entry: string, read: ReadModule, addition?: WrittenFunction): Promise<string> {
  const { outputFiles } = await build({
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
    plugins: [readingUserModules(read, addition)],
  });
  return sha256(outputFiles.map((file) => file.text).join('\n'));
}

function readingUserModules(read: ReadModule, addition: WrittenFunction | undefined): Plugin {
  return {
    name: 'larder-user-modules',
    setup(bundle) {
      // Marked free of side effects, so that a package that the function does not use leaves no trace.
      bundle.onResolve({ filter: /^[^./#]/ }, ({ path }) =>
        // The package had another name then.
        /^[A-Za-z]:/.test(path)
          ? null
          : { path: path.replace(/^larderjs(?=$|\/)/, 'larder'), external: true, sideEffects: false },
      );
      bundle.onLoad({ filter: USER_MODULE }, async ({ path }) => {
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

/** JavaScript of the `compute` of each on-demand view that a module defines at its top level under a literal name. */
function findFunctions(module: UserModule): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const node of module.program.body.flatMap((statement) => reachedNodes(statement))) {
    const definition = onDemandCall(node);
    if (definition === null) continue;
    found.set(definition.name, [
      ...(found.get(definition.name) ?? []),
      computeText(module.text, definition.compute),
    ]);
  }
  return found;
}

/** `onDemandFeatureView('moment', { …, compute })`, whatever name the constructor is imported under. */
function onDemandCall(node: AnyNode): { readonly name: string; readonly compute: Property } | null {
  if (node.type !== 'CallExpression') return null;
  const [name, options] = node.arguments;
  if (name?.type !== 'Literal' || typeof name.value !== 'string' || options?.type !== 'ObjectExpression')
    return null;
  const compute = options.properties.find(
    (property): property is Property =>
      property.type === 'Property' &&
      property.key.type === 'Identifier' &&
      !property.computed &&
      property.key.name === 'compute',
  );
  return compute === undefined ? null : { name: name.value, compute };
}

function computeText(text: string, { method, value, key }: Property): string {
  return method ? `function ${text.slice(key.end, value.end)}` : text.slice(value.start, value.end);
}

/**
 * The text with every top-level initializer marked as free of effects, so that a bundler leaves out the
 * definitions that an exported function does not reach; to a bundler, `featureView(…)` is a call like any other.
 */
function withPureInitializers({ text, program }: UserModule): string {
  let marked = '';
  let position = 0;
  for (const { start, end } of topLevelInitializers(program).filter(isWrappable)) {
    marked += `${text.slice(position, start)}/* @__PURE__ */ (() => (${text.slice(start, end)}))()`;
    position = end;
  }
  return marked + text.slice(position);
}

function topLevelInitializers(program: Program): Expression[] {
  return program.body.flatMap((statement) => {
    const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declared?.type === 'VariableDeclaration') {
      return declared.declarations.flatMap(({ id, init }) =>
        id.type === 'Identifier' && init ? [init] : [],
      );
    }
    if (declared?.type !== 'ExportDefaultDeclaration') return [];
    const value = declared.declaration;
    return value.type === 'FunctionDeclaration' || value.type === 'ClassDeclaration' ? [] : [value];
  });
}

// `await` and `yield` cannot move into a function; functions and plain values are free of effects as they are.
function isWrappable(init: Expression): boolean {
  if (isFunctionOrClass(init) || init.type === 'Literal' || init.type === 'Identifier') return false;
  return !reachedNodes(init).some((node) => node.type === 'AwaitExpression');
}

/** A node and the nodes below it that run when it is evaluated, without bodies of functions. */
function reachedNodes(root: AnyNode): AnyNode[] {
  const nodes: AnyNode[] = [root];
  for (const node of nodes) {
    if (node !== root && isFunctionOrClass(node)) continue;
    nodes.push(...childrenOf(node));
  }
  return nodes;
}
