import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');

test.each([
  ['the definitions', 'export default project', 'test/e2e/own-project/larder.config.ts'],
  ['the computation', 'async function createComputation', 'test/e2e/own-project/src/picture-colour.ts'],
  ['the unit test', 'a blue picture', 'apps/cli/templates/photos/larder.test.ts'],
])('%s in the guide are those that run', (_, mark, file) => {
  const guide = read('docs/guides/your-own-project.md');
  const blocks = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  const block = blocks.find((code) => code.includes(mark));
  expect(block).toBeDefined();
  expect(read(file)).toContain(block);
});
