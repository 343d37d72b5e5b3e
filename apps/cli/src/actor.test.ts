import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ACTOR = join(import.meta.dirname, 'actor.ts');
const root = process.getuid?.() === 0;

test.skipIf(!root)('a user id without a name, as in containers, is recorded by its number', () => {
  const code = `import { actor } from ${JSON.stringify(ACTOR)}; process.stdout.write(actor());`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    uid: 12_345,
    encoding: 'utf8',
    cwd: '/',
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^12345@.+$/);
});
