import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('describing a source loads no database driver; opening it does', async () => {
  const script = `
    import { createRequire } from 'node:module';
    const { createSources, sqlSource } = await import('@larder/sources');
    const source = sqlSource({ connection: 'ads', query: 'select 1' });
    const drivers = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => /node_modules.pg/.test(path)).length;
    const before = drivers();
    const sources = createSources({ root: '.', connections: { ads: 'postgresql://127.0.0.1:1/x' }, maxConnections: 1 });
    await sources.open({ source: source.manifest, schema: [], compute: null }, { name: 'ad', join_keys: [] });
    await sources.close();
    console.log(JSON.stringify({ before, loaded: drivers() > 0 }));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
  });
  expect(JSON.parse(stdout)).toEqual({ before: 0, loaded: true });
});
