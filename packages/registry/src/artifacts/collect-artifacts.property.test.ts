import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLarderError, newId } from '@larder/core';
import fc from 'fast-check';
import { expect } from 'vitest';
import { collectArtifacts, createArtifactStore, keepArtifactsIn } from '../index.ts';
import { silent, test } from '../testing/registry.ts';

/** Two appliers and two collectors without a grace period at once: what is referred to when all have ended is there. */
test('an apply never loses what it refers to', async ({ store }) => {
  const folder = await mkdtemp(join(tmpdir(), 'larder-race-'));
  const contents = ['a', 'b'];
  for (const content of contents) {
    await mkdir(join(folder, content));
    await writeFile(join(folder, content, 'model.onnx'), content.repeat(1_100_000));
  }
  const artifacts = createArtifactStore({
    store,
    url: null,
    cacheFolder: join(folder, 'cache'),
    logger: silent,
  });
  const project = `race_${newId().replaceAll('-', '')}`;

  /** As applying does: store, then commit the reference together with the touch; store again what was collected meanwhile. */
  const apply = async (applier: string, content: string): Promise<void> => {
    const object = createHash('sha256').update(content).digest('hex');
    for (;;) {
      const artifact = await artifacts.putFolder(join(folder, content));
      await artifacts.put(Buffer.from(content));
      try {
        await store.transaction(async (tx) => {
          await keepArtifactsIn(tx, { artifacts: [artifact], objects: [object] });
          await tx.client.query(
            `insert into larder.manifests (project, manifest, changes, same_meaning, actor) values ($1, $2, '[]', '{}', $1)`,
            [`${project}_${applier}`, JSON.stringify([artifact, object])],
          );
        });
        return;
      } catch (error) {
        if (!isLarderError(error) || error.code !== 'ARTIFACT_NOT_FOUND') throw error;
      }
    }
  };
  const applier = async (name: string, steps: readonly string[]): Promise<void> => {
    for (const content of steps) await apply(name, content);
  };
  const collector = async (turns: number): Promise<void> => {
    for (let turn = 0; turn < turns; turn++)
      await collectArtifacts(store, { project, versionsKept: 1, graceMs: 0 });
  };
  let run = 0;
  const steps = fc.array(fc.constantFrom(...contents), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(steps, steps, fc.integer({ min: 1, max: 8 }), async (one, two, turns) => {
      await Promise.all([applier('one', one), applier('two', two), collector(turns), collector(turns)]);
      const fresh = createArtifactStore({
        store,
        url: null,
        cacheFolder: join(folder, `fresh-${run++}`),
        logger: silent,
      });
      const { rows } = await store.pool.query<{ manifest: [string, string] }>(
        `select distinct on (project) manifest from larder.manifests where project like $1 order by project, id desc`,
        [`${project}_%`],
      );
      expect(rows).toHaveLength(2);
      for (const { manifest } of rows) {
        await fresh.folder(manifest[0]);
        await fresh.get(manifest[1]);
      }
    }),
    { numRuns: 12 },
  );
  await rm(folder, { recursive: true });
});
