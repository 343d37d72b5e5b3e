import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('describing an extractor loads neither sharp nor ONNX Runtime', async () => {
  const script = `
    import { createRequire } from 'node:module';
    const { imageFeatures } = await import('@larder/extractors');
    const { load } = imageFeatures({ encoder: { kind: 'artifact', path: 'encoder' } });
    const heavy = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => /sharp|onnxruntime/.test(path)).length;
    const before = heavy();
    await load();
    console.log(JSON.stringify({ before, loaded: heavy() > 0 }));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
  });
  expect(JSON.parse(stdout)).toEqual({ before: 0, loaded: true });
});
