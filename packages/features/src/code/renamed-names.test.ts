import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { expect, test } from 'vitest';
import { exportNames } from './link.ts';
import type { Module } from './module.ts';
import { createModuleGraph } from './module-graph.ts';
import { sliceCode } from './slice.ts';

const SOURCES = join(import.meta.dirname, '../../../..');
const files = globSync('packages/{features,registry,serving}/src/**/*.ts', {
  cwd: SOURCES,
  exclude: (n) => n === 'node_modules',
}).filter((path) => !/\.test(?:-d)?\.ts$/.test(path));

/** Identities of everything that a module exports; its imports lead nowhere. */
async function identitiesOf(text: string): Promise<Record<string, string>> {
  const graph = createModuleGraph({
    read: (path) => Promise.resolve(path === '/module.ts' ? text : null),
    resolve: (specifier) => (specifier.startsWith('.') ? `/elsewhere/${specifier}` : null),
  });
  const module: Module = await graph.load('/module.ts');
  return Object.fromEntries(
    exportNames(graph, module).map((name) => [
      name,
      sliceCode(graph, [module], { module, name, note: '' }).identity,
    ]),
  );
}

// esbuild resolves scopes on its own when it shortens names.
test('no name that a bundler shortens is part of an identity, in any module of three packages', async () => {
  let compared = 0;
  for (const file of files) {
    const text = readFileSync(join(SOURCES, file), 'utf8');
    const { code } = await transform(text, {
      loader: 'ts',
      format: 'esm',
      target: 'esnext',
      minifyIdentifiers: true,
      minifyWhitespace: true,
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    });
    const identities = await identitiesOf(text);
    expect({ file, ...(await identitiesOf(code)) }).toEqual({ file, ...identities });
    compared += Object.keys(identities).length;
  }
  expect(compared).toBeGreaterThan(100);
});
