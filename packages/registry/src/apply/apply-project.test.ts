import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importBundle } from '@larder/features';
import { expect } from 'vitest';
import {
  appliedManifest,
  applyManifest,
  applyProject,
  planProject,
  readModelContent,
  type ArtifactStore,
} from '../index.ts';
import { openArtifacts, test, writeProject } from '../testing/project.ts';

const ada = { actor: 'ada', refuseDestructive: true };

test('an applied model version is closed: its bundles and its artifact are stored', async ({
  store,
  artifacts,
}) => {
  const project = await writeProject({ name: 'closed' });
  const { changes } = await applyProject({ store, artifacts }, project, ada);
  expect(changes).not.toEqual([]);
  const content = await readModelContent(store, { project: 'closed', model: 'ad_ctr', version: 1 });
  const bundle = await artifacts.get(content?.bundles['offer'] ?? '');
  const { compute } = await importBundle(bundle.toString('utf8'));
  expect(compute({ request: { bid: 3 }, features: {} })).toEqual({ bid_ratio: 1.5 });
  await artifacts.folder(content?.manifest.models['ad_ctr']?.artifact.sha256 ?? '');
  expect((await applyProject({ store, artifacts }, project, ada)).changes).toEqual([]);
});

test('the plan says what differs in changed code; code that only moved changes nothing', async ({
  store,
  artifacts,
}) => {
  await applyProject({ store, artifacts }, await writeProject({ name: 'recoded' }), ada);
  const moved = await writeProject({
    name: 'recoded',
    prepare: (folder) => {
      writeFileSync(join(folder, 'src/moved.ts'), 'export const ratio = (bid: number) =>\n  bid / 2;\n');
      writeFileSync(join(folder, 'src/ratio.ts'), "export { ratio } from './moved.ts';\n");
    },
  });
  expect((await planProject({ store, artifacts }, moved)).plan.changes).toEqual([]);
  const other = await writeProject({
    name: 'recoded',
    prepare: (folder) =>
      writeFileSync(join(folder, 'src/ratio.ts'), 'export const ratio = (bid: number) => bid / 3;\n'),
  });
  const { plan } = await planProject({ store, artifacts }, other);
  expect(plan.refusals).toMatchObject([
    {
      code: 'CODE_CHANGED',
      subject: 'on-demand view offer',
      message: expect.stringContaining('ratio in src/ratio.ts changed'),
    },
  ]);
  const { modelVersions } = await applyProject({ store, artifacts }, other, { ...ada, sameMeaning: true });
  expect(modelVersions).toEqual({ ad_ctr: 2 });
});

test('an apply that dies while it stores something leaves the project as it was', async ({
  store,
  artifacts,
}) => {
  const project = await writeProject({
    name: 'dying',
    compute: '({ bid_ratio: 7 })',
    artifact: { weights: [7, 7] },
  });
  const dying = (after: number): ArtifactStore => {
    let left = after;
    const step = <T>(work: () => Promise<T>): Promise<T> =>
      left-- > 0 ? work() : Promise.reject(new Error('killed'));
    return {
      ...artifacts,
      put: (bytes) => step(() => artifacts.put(bytes)),
      putFolder: (folder) => step(() => artifacts.putFolder(folder)),
    };
  };
  for (const after of [0, 1, 2]) {
    const deps = { store, artifacts: dying(after) };
    await expect(applyProject(deps, project, ada)).rejects.toThrow('killed');
    expect(await appliedManifest(store, 'dying')).toBeNull();
  }
  expect((await applyProject({ store, artifacts }, project, ada)).modelVersions).toEqual({ ad_ctr: 1 });
});

test('what was collected between storing and committing is stored again', async ({ store, artifacts }) => {
  const project = await writeProject({ name: 'collected', compute: '({ bid_ratio: 8 })' });
  let collect = true;
  const racing: ArtifactStore = {
    ...artifacts,
    async put(bytes) {
      const sha256 = await artifacts.put(bytes);
      for (const table of collect ? ['objects', 'object_parts'] : [])
        await store.pool.query(`delete from larder.${table} where sha256 = $1`, [sha256]);
      collect = false;
      return sha256;
    },
  };
  await applyProject({ store, artifacts: racing }, project, ada);
  const content = await readModelContent(store, { project: 'collected', model: 'ad_ctr', version: 1 });
  expect(await artifacts.has(Object.values(content?.bundles ?? {}))).toHaveLength(1);
});

test('applying unchanged definitions publishes what an earlier release did not', async ({
  store,
  artifacts,
}) => {
  const project = await writeProject({ name: 'upgraded' });
  await applyManifest(store, project.manifest, { actor: 'the release before' });
  expect((await applyProject({ store, artifacts }, project, ada)).changes).toEqual([]);
  expect(await readModelContent(store, { project: 'upgraded', model: 'ad_ctr', version: 1 })).not.toBeNull();
});

test('sources and files of artifacts that the store lost are stored again', async ({ store, artifacts }) => {
  const files = { name: 'lost', compute: '({ bid_ratio: 9 })', artifact: { weights: [9, 9] } };
  const deps = { store, artifacts };
  const first = await writeProject(files);
  await applyProject(deps, first, ada);
  const needed = async (): Promise<string[]> => {
    const { rows } = await store.pool.query<{ sha256: string }>(
      `select f ->> 'sha256' as sha256 from larder.artifacts a, json_array_elements(a.files) f where a.sha256 = $1
       union select r.value ->> 'sources_sha256' from json_each(
         (select code from larder.manifests where project = 'lost' order by id desc limit 1)) r`,
      [first.manifest.models['ad_ctr']?.artifact.sha256],
    );
    return rows.map(({ sha256 }) => sha256);
  };
  const lost = await needed();
  expect(lost).toHaveLength(3);
  for (const table of ['objects', 'object_parts'])
    await store.pool.query(`delete from larder.${table} where sha256 = any ($1)`, [lost]);
  await applyProject(deps, await writeProject({ ...files, model: " owner: 'somebody'," }), ada);
  expect((await artifacts.has(await needed())).size).toBe(3);
});

test.for<readonly [string, string]>([
  [
    'bytes that changed',
    'update larder.object_parts set bytes = set_byte(bytes, 0, 255 - get_byte(bytes, 0))',
  ],
  ['a part that is missing', 'delete from larder.object_parts'],
  ['another size', 'update larder.objects set size_bytes = size_bytes + 1'],
  ['objects that are missing', 'delete from larder.objects'],
  ['folders that are missing', 'delete from larder.artifacts'],
])(
  'applying again repairs the artifact store, also when nothing changes: %s',
  async ([, damage], { store, artifacts }) => {
    const project = await writeProject({ name: 'repaired' });
    await applyProject({ store, artifacts }, project, ada);
    await store.pool.query(damage);
    const { changes } = await applyProject({ store, artifacts }, project, ada);
    expect(changes).toEqual([]);
    const content = await readModelContent(store, { project: 'repaired', model: 'ad_ctr', version: 1 });
    const elsewhere = openArtifacts(store);
    await elsewhere.get(content?.bundles['offer'] ?? '');
    await elsewhere.folder(content?.manifest.models['ad_ctr']?.artifact.sha256 ?? '');
  },
);
