import { extname } from 'node:path';
import { parse, type Program } from 'acorn';
import { transform, type Loader } from 'esbuild';
import { resolveNames, type Names } from './names.ts';

const LOADERS: Readonly<Record<string, Loader>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
};

/** A module of the project as plain JavaScript, with its syntax tree. */
export interface UserModule {
  readonly text: string;
  readonly program: Program;
  readonly names: Names;
}

/** Whether Node reads files of this name as code. */
export function isCode(path: string): boolean {
  return extname(path) in LOADERS;
}

/** @throws Error when the text cannot be parsed */
export async function parseUserModule(path: string, source: string): Promise<UserModule> {
  const { code } = await transform(source, {
    loader: LOADERS[extname(path)] ?? 'ts',
    target: 'esnext',
    sourcefile: path,
    logLevel: 'silent',
    // Transformed as Node does: ignores any tsconfig and drops no import.
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  const program = parse(code, {
    ecmaVersion: 'latest',
    sourceType: 'module',
    allowHashBang: true,
    allowReturnOutsideFunction: true,
  });
  return { text: code, program, names: resolveNames(program) };
}
