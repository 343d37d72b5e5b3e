import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, type LarderError } from '@larder/core';
import type { FieldValue } from '@larder/features';
import { loadModel } from '@larder/model-runtime';
import { expect, onTestFinished } from 'vitest';
import { test as base, type History } from '../testing/history-test.ts';
import { buildTrainingSet } from '../training-set/build-training-set.ts';
import type { TrainingSetManifest } from '../training-set/training-set-manifest.ts';
import { readTensor } from './read-tensor.ts';
import { readTensors } from './read-tensors.ts';
import { sealArtifact } from './seal-artifact.ts';
import type { TypedRow } from './training-row.ts';

const test = base.override({
  config: [async ({}, use) => use('kinds.config.ts'), { scope: 'file' }],
});

const NOW_MS = Date.now();
const INPUTS = {
  numbers: ['ad_image:brightness', 'ad_stats:ctr'],
  counts: ['ad_stats:impressions', 'ad_stats:clicks'],
  note: ['ad_image:note'],
  flags: ['shopper_profile:premium'],
  precise: ['price:exact'],
};
const TYPES = {
  numbers: 'float32',
  counts: 'int64',
  note: 'string',
  flags: 'bool',
  precise: 'float64',
} as const;
const LARGE = 9_007_199_254_740_993n;
const SEVERAL = { missing: 0, outputs: ['score'] };

/** The tests of this file share one history. */
let landed: Promise<void> | undefined;

/** The training set of `ad_typed` in `folder/set`: an ad with all values, one with nulls, one that nobody knows. */
async function buildSet(
  { store, definitions, land }: History,
  folder: string,
  features: 'model' | 'list' = 'model',
): Promise<TrainingSetManifest> {
  const row = (ref: string, keys: Record<string, FieldValue>, values: Record<string, FieldValue>) => ({
    ref,
    keys,
    values,
    eventTimestampMs: NOW_MS - 3_600_000,
  });
  landed ??= land([
    row('ad_image@1', { ad_id: 'full' }, { embedding: null, brightness: 0.3, note: 'red' }),
    row('ad_stats@1', { ad_id: 'full' }, { impressions: LARGE, clicks: 4, ctr: 0.1 }),
    row('ad_image@1', { ad_id: 'nulls' }, { embedding: null, brightness: null, note: null }),
    row('ad_stats@1', { ad_id: 'nulls' }, { impressions: null, clicks: 7, ctr: null }),
    row('shopper_profile@1', { country: 'NL', shopper_id: 7 }, { age: null, premium: true }),
  ]);
  await landed;
  const spine = join(folder, 'labels.csv');
  const at = new Date(NOW_MS).toISOString();
  const lines = ['full', 'nulls', 'nobody'].map((ad, i) => `${ad},NL,${7 + i},${at},${i}.5,${i % 2}`);
  await writeFile(spine, `ad_id,country,shopper_id,event_timestamp,bid,clicked\n${lines.join('\n')}\n`);
  return buildTrainingSet(
    { store, definitions, connections: {}, actor: 'test', clock: systemClock },
    {
      features:
        features === 'model'
          ? { kind: 'model', model: 'ad_typed', version: 1 }
          : { kind: 'list', references: Object.values(INPUTS).flat() },
      spine: { kind: 'file', path: spine, format: 'csv' },
      folder: join(folder, 'set'),
    },
  );
}

/** The network of `ad_typed` without the rest of its artifact. */
async function trained({ project }: History, folder: string): Promise<string> {
  const artifact = join(folder, 'model');
  await cp(join(project.root, 'models/ad_typed/model.onnx'), join(artifact, 'model.onnx'));
  return artifact;
}

/** What the network computes, as a trainer would. */
function score({ numbers, counts, note, flags, precise }: TypedRow): number {
  const sum = (values: ArrayLike<number | bigint> | undefined): number =>
    Array.from(values ?? [], Number).reduce((one, other) => one + other, 0);
  const worth = note?.[0] === 'red' ? 100 : -1;
  return (
    sum(numbers as Float32Array) +
    sum(counts as BigInt64Array) +
    sum(flags as Uint8Array) +
    sum(precise as Float64Array) -
    1e9 +
    worth
  );
}

const messageOf = (failing: Promise<unknown>): Promise<string> =>
  failing.then(
    () => 'nothing failed',
    (error: LarderError) => error.message,
  );

const json = async (...path: string[]) =>
  JSON.parse(await readFile(join(...path), 'utf8')) as Record<string, never>;

test('a set for a model with several inputs is read by input, each of its own type', async ({
  history,
  folder,
}) => {
  const manifest = await buildSet(history, folder);
  expect(manifest.model).toEqual({ name: 'ad_typed', version: 1, inputs: INPUTS });
  const set = join(folder, 'set');
  const { features, rows, columns } = await readTensors(set, {
    types: TYPES,
    columns: ['clicked'],
    missing: 0,
  });
  expect(features).toEqual(INPUTS);
  expect(rows).toEqual([
    {
      numbers: Float32Array.of(0.3, 0.1),
      counts: BigInt64Array.of(LARGE, 4n),
      note: ['red'],
      flags: Uint8Array.of(1),
      precise: Float64Array.of(1e9 + 0.5),
    },
    {
      numbers: Float32Array.of(0.5, 0),
      counts: BigInt64Array.of(0n, 7n),
      note: [''],
      flags: Uint8Array.of(0),
      precise: Float64Array.of(1e9 + 1.5),
    },
    {
      numbers: Float32Array.of(0.5, 0),
      counts: BigInt64Array.of(0n, 0n),
      note: [''],
      flags: Uint8Array.of(0),
      precise: Float64Array.of(1e9 + 2.5),
    },
  ]);
  expect(columns['clicked']?.map(Number)).toEqual([0, 1, 0]);

  await expect(readTensor(set)).rejects.toThrow(
    /takes several inputs \(numbers, counts, note, .*readTensors/,
  );
  expect((await readTensor(set, { features: ['ad_stats:ctr'] })).rows).toHaveLength(3);
  const refused = async (options: object): Promise<string> =>
    messageOf(readTensors(set, { types: TYPES, ...options }));
  expect(await refused({})).toMatch(/'counts' is int64, which has no NaN for a missing ad_stats:impressions/);
  expect(await refused({ missing: 0, types: { ...TYPES, note: 'float32' } })).toMatch(
    /'note' is float32, which cannot hold ad_image:note \(string\)/,
  );
  expect(await refused({ missing: 0, types: { ...TYPES, nots: 'float32' } })).toMatch(
    /types has nots; the inputs/,
  );
  const { note: _, ...without } = TYPES;
  expect(await refused({ missing: 0, types: without })).toMatch(/'note' must be .* not of no type/);
  expect(await refused({ missing: 0, inputs: { ...INPUTS, note: ['ad_image:title'] } })).toMatch(
    /no feature ad_image:title/,
  );
});

test('sealing writes golden.json and background.json by input, with which serving loads the model', async ({
  history,
  folder,
}) => {
  await buildSet(history, folder);
  const artifact = await trained(history, folder);
  const sealed = await sealArtifact(artifact, join(folder, 'set'), {
    ...SEVERAL,
    score: (rows: readonly TypedRow[]) => ({ score: rows.map(score) }),
  });
  expect(sealed).toMatchObject({ inputs: INPUTS, features: Object.values(INPUTS).flat(), verified: true });
  const rows = [
    {
      numbers: [0.3, 0.1],
      counts: ['9007199254740993', 4],
      note: ['red'],
      flags: [true],
      precise: [1e9 + 0.5],
    },
    { numbers: [0.5, null], counts: [null, 7], note: [null], flags: [false], precise: [1e9 + 1.5] },
    { numbers: [0.5, null], counts: [null, null], note: [null], flags: [false], precise: [1e9 + 2.5] },
  ];
  expect(await json(artifact, 'golden.json')).toMatchObject({ format: 1, features: INPUTS, rows });
  expect(await json(artifact, 'background.json')).toEqual({ format: 1, features: INPUTS, rows });
  const { manifest } = history.definitions;
  const runner = await loadModel({
    artifactPath: artifact,
    expectedFeatures: Object.values(INPUTS).flat(),
    width: 7,
    outputs: ['score'],
    inputs: Object.entries(INPUTS).map(([name, features]) => ({
      name,
      features: features.map((ref) => {
        const [view = '', feature = ''] = ref.split(':');
        const schema = (manifest.feature_views[`${view}@1`] ?? manifest.on_demand_feature_views[view])
          ?.schema;
        const type = schema?.find((field) => field.name === feature)?.type ?? '';
        return { ref, type, width: 1, hasDefault: false };
      }),
    })),
    missing: 0,
    placement: 'inline',
  });
  onTestFinished(() => runner.close());
});

test('a set of a list of features is sealed with the inputs that the trainer names', async ({
  history,
  folder,
}) => {
  expect((await buildSet(history, folder, 'list')).model).toBeNull();
  const artifact = await trained(history, folder);
  const set = join(folder, 'set');
  const sealed = await sealArtifact(artifact, set, { ...SEVERAL, inputs: INPUTS });
  expect(sealed).toMatchObject({ inputs: INPUTS, verified: false, goldenRows: 3 });
  await expect(readTensors(set, { types: TYPES })).rejects.toThrow(
    /not built for a model that takes several/,
  );
  const { rows } = await readTensors(set, { types: TYPES, inputs: INPUTS, missing: 0 });
  expect(rows[0]?.note).toEqual(['red']);

  const before = await readFile(join(artifact, 'golden.json'));
  const refused = async (options: object): Promise<string> =>
    messageOf(sealArtifact(artifact, set, { ...SEVERAL, ...options }));
  expect(await refused({ inputs: { ...INPUTS, numbers: INPUTS.numbers.toReversed() } })).toMatch(
    /trained on other features/,
  );
  expect(await refused({ inputs: INPUTS, missing: Number.NaN })).toMatch(/int64, which has no NaN/);
  expect(await refused({ inputs: INPUTS, score: () => ({ score: [1, 2, 3] }) })).toMatch(
    /row \d has score = /,
  );
  expect(await refused({})).toMatch(
    /ad_stats:impressions is int64, which does not go into a tensor of floats/,
  );
  expect(await readFile(join(artifact, 'golden.json'))).toEqual(before);
});
