import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { parse, type AnyNode, type Expression, type Program } from 'acorn';
import { transform, type Loader } from 'esbuild';

const LOADERS: Readonly<Record<string, Loader>> = { '.ts': 'ts', '.mts': 'ts', '.js': 'js', '.mjs': 'js' };

/** Modules whose text we read; other imported files (JSON) are bundled unchanged. */
export const USER_MODULE = /\.m?[jt]s$/;

/** A module of the project as plain JavaScript, with its syntax tree. */
export interface UserModule {
  readonly text: string;
  readonly program: Program;
}

export async function readUserModule(path: string): Promise<UserModule> {
  const { code } = await transform(await readFile(path, 'utf8'), {
    loader: LOADERS[extname(path)] ?? 'ts',
    target: 'esnext',
    sourcefile: path,
    logLevel: 'silent',
    // Transformed as Node does: ignores any tsconfig and drops no import.
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  return {
    text: code,
    program: parse(code, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true }),
  };
}

/**
 * The text with every top-level initializer marked as free of effects, so that a bundler leaves out the
 * definitions that an exported function does not reach; to a bundler, `featureView(…)` is a call like any other.
 */
export function withPureInitializers({ text, program }: UserModule): string {
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
  if (isFunction(init) || init.type === 'Literal' || init.type === 'Identifier') return false;
  return !reachedNodes(init).some((node) => node.type === 'AwaitExpression');
}

/** A node and the nodes below it that run when it is evaluated, without bodies of functions. */
export function reachedNodes(root: AnyNode): AnyNode[] {
  const nodes: AnyNode[] = [root];
  for (const node of nodes) {
    if (node !== root && isFunction(node)) continue;
    for (const member of Object.values(node) as unknown[]) {
      for (const child of Array.isArray(member) ? (member as unknown[]) : [member])
        if (isNode(child)) nodes.push(child);
    }
  }
  return nodes;
}

function isFunction(node: AnyNode): boolean {
  return /Function|Class(?:Expression|Declaration)/.test(node.type);
}

function isNode(value: unknown): value is AnyNode {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as AnyNode).type === 'string' &&
    'start' in value
  );
}
