import { join } from 'node:path';
import { problemSchema } from '@larder/contracts';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { moveAlias, readAliases, rollback } from '@larder/registry';
import { expect, vi } from 'vitest';
import { applyFiles } from '../testing/apply-files.ts';
import { test as base, type Service } from '../testing/inference-test.ts';

const MODEL = 'ad_brightness';
const PATH = `/v1/models/${MODEL}/predict`;
const PROMPT = { timeout: 150_000, interval: 20 };

/** The service with versions 1 to 4 of `ad_brightness`; each multiplies the brightness with its number. */
const test = base.extend<{ $file: { versions: Service } }>({
  versions: [
    async ({ service }, use) => {
      for (const weight of [2, 3, 4]) {
        await writeLogisticArtifact(join(service.project.root, 'models', MODEL), {
          features: ['ad_image:brightness'],
          weights: [weight],
          output: 'score',
          imputed: 0.25,
        });
        await applyFiles(service);
      }
      await use(service);
    },
    { scope: 'file' },
  ],
});

const predict = ({ http }: Service, version?: number | string) =>
  http.post(PATH, { entities: { ad_id: 'ad-1' }, options: version === undefined ? {} : { version } });

async function answered(service: Service, version?: number | string): Promise<unknown> {
  const { status, body } = await predict(service, version);
  return status === 200 ? body : problemSchema.parse(body).code;
}

/** The answer of a version: by its number and by its own weight. */
const by = (version: number) =>
  expect.objectContaining({
    version,
    outputs: { score: expect.closeTo(1 / (1 + Math.exp(-0.61 * version)), 5) },
  });

const id = { model: MODEL, alias: 'champion', actor: 'ada', reason: 'test' };

const promote = async ({ offlineStore: store, project }: Service, toVersion: number, alias = 'champion') =>
  moveAlias(store, { ...id, project: project.name, alias, toVersion, acceptIncomplete: true });

test('the champion follows the newest version, is pinned by a promote, and a rollback goes back', async ({
  versions: service,
}) => {
  const { offlineStore: store, project } = service;
  await vi.waitFor(async () => expect(await answered(service)).toEqual(by(4)), PROMPT);
  await promote(service, 2);
  await vi.waitFor(async () => expect(await answered(service)).toEqual(by(2)), PROMPT);
  const { move } = await promote(service, 3);
  await vi.waitFor(async () => expect(await answered(service)).toEqual(by(3)), PROMPT);
  await vi.waitFor(async () => {
    const { rows } = await store.pool.query('select models from larder.processes');
    expect(rows[0].models).toContainEqual({
      model: MODEL,
      version: 3,
      ready: true,
      reads: ['ad_image@1'],
      aliases: [{ alias: 'champion', move_id: move.moveId, problem: null }],
    });
  }, PROMPT);
  await rollback(store, { ...id, project: project.name, expectedMoveId: move.moveId });
  await vi.waitFor(async () => expect(await answered(service)).toEqual(by(2)), PROMPT);
  const { body } = await service.http.get(`/v1/models/${MODEL}`);
  expect(body).toMatchObject({
    version: 2,
    problem: null,
    aliases: [{ alias: 'champion', version: 2, served: 2 }],
  });
  const { text } = await service.http.get('/metrics');
  expect(text).toContain(`larder_alias_version{model="${MODEL}",alias="champion"} 2\n`);
});

test('an alias answers under its own name', async ({ versions: service }) => {
  expect(await answered(service, 'challenger')).toBe('MODEL_VERSION_NOT_FOUND');
  await promote(service, 4, 'challenger');
  await vi.waitFor(async () => expect(await answered(service, 'challenger')).toEqual(by(4)), PROMPT);
  const [champion] = await readAliases(service.offlineStore, service.project.name, MODEL);
  expect(await answered(service, 'champion')).toEqual(by(champion?.version ?? 0));
});

test('a number is answered by that version alone: loaded when a caller names it, refused when it is not on record', async ({
  versions: service,
}) => {
  for (const unknown of [5, 2 ** 31 - 1])
    expect(await answered(service, unknown)).toBe('MODEL_VERSION_NOT_FOUND');
  const first = await predict(service, 1);
  expect([first.status, problemSchema.parse(first.body).code]).toEqual([503, 'MODEL_NOT_READY']);
  expect(first.headers.get('retry-after')).toBe('1');
  await vi.waitFor(async () => expect(await answered(service, 1)).toEqual(by(1)), PROMPT);
});

test('a version that was marked as collected is not found', async ({ versions: service }) => {
  await service.offlineStore.pool.query(
    `update larder.model_versions set collected_at = now() where model = $1 and version = 1`,
    [MODEL],
  );
  await service.offlineStore.pool.query('update larder.registry_revisions set revision = revision + 1');
  await vi.waitFor(async () => expect(await answered(service, 1)).toBe('MODEL_VERSION_NOT_FOUND'), PROMPT);
});
