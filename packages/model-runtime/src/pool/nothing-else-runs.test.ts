import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { writeLogisticArtifact } from '../testing/index.ts';

test('a process that does nothing else loads a model and closes it during a run, without hanging', async () => {
  const artifactPath = await mkdtemp(join(tmpdir(), 'larder-alone-'));
  const expectedFeatures = ['a:b'];
  await writeLogisticArtifact(artifactPath, { features: expectedFeatures, weights: [0] });
  const options = { artifactPath, expectedFeatures, width: 1, outputs: ['ctr'], poolThreads: 1 };
  const script = `
    import { loadModel } from ${JSON.stringify(new URL('../load-model.ts', import.meta.url).href)};
    for (const placement of ['auto', 'pool', 'inline']) {
      const runner = await loadModel({ ...${JSON.stringify(options)}, placement });
      const running = runner.run(Float32Array.of(1), 1);
      if (runner.placement === 'inline') await running;
      await runner.close();
      const { ctr } = await running;
      console.log(placement, ctr[0]);
    }`;
  const path = join(artifactPath, 'alone.mjs');
  await writeFile(path, script);
  const { stdout } = await promisify(execFile)(process.execPath, [path]);
  expect(stdout).toBe('auto 0.5\npool 0.5\ninline 0.5\n');
  await rm(artifactPath, { recursive: true });
});
