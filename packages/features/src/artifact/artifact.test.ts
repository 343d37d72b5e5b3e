import { join } from 'node:path';
import { expect, test } from 'vitest';
import { artifact, artifactFolder, packageArtifact } from './artifact.ts';

test('a folder of the project', () => {
  expect(artifactFolder(artifact('models/encoder'), '/project')).toBe('/project/models/encoder');
});

test('a folder of a package that a module depends on, whatever the package exports', () => {
  const vitest = packageArtifact('vitest/dist', import.meta.url);
  expect(vitest.path).toBe('npm:vitest/dist');
  expect(artifactFolder(vitest, '/project')).toBe(
    join(import.meta.dirname, '../../../../node_modules/vitest/dist'),
  );
  const scoped = packageArtifact('@larder/core', import.meta.url);
  expect(artifactFolder(scoped, '/project')).toMatch(/core$/);
});

test('null when the package is not installed', () => {
  expect(artifactFolder(packageArtifact('@nobody/has-this/x', import.meta.url), '/project')).toBeNull();
});
