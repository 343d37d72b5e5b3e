import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

test('the software bill of materials of the repository can be made', () => {
  const made = spawnSync(
    'npm',
    ['sbom', '--package-lock-only', '--omit', 'dev', '--sbom-format', 'cyclonedx'],
    { cwd: root, encoding: 'utf8', timeout: 60_000 },
  );
  expect(made.stderr).toBe('');
  const { components } = JSON.parse(made.stdout) as { components: { name: string }[] };
  expect(components.map(({ name }) => name)).toEqual(expect.arrayContaining(['bullmq', 'onnxruntime-node']));
});

test('every package with an install script is allowed or refused by name', () => {
  const { allowScripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
    allowScripts: Record<string, boolean>;
  };
  const { packages } = JSON.parse(readFileSync(resolve(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const withScript = Object.entries(packages).flatMap(([path, { hasInstallScript }]) =>
    hasInstallScript === true ? [path.replace(/^.*node_modules\//, '')] : [],
  );
  expect(withScript).toContain('onnxruntime-node');
  expect(withScript.filter((name) => !Object.hasOwn(allowScripts, name))).toEqual([]);
});
