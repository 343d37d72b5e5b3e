import { LarderError, type ErrorCode } from '@larder/core';
import type { Manifest } from '@larder/features';
import type { AliasState, ServableModel, ServableVersion } from '@larder/registry';
import { expect, test } from 'vitest';
import { createModelInService } from './model-in-service.ts';
import type { ServedModel } from './served-model.ts';

const APPLIED = {} as Manifest;
const WRONG: ErrorCode = 'MODEL_GOLDEN_MISMATCH';

interface Versions {
  readonly bad?: readonly number[];
  readonly aliases: Readonly<Record<string, number>>;
  readonly earlier?: readonly number[];
  /** @default `earlier`, when somebody has moved the aliases */
  readonly promoted?: readonly number[];
  /** 0: nobody has moved the aliases. */
  readonly moveId?: number;
}

/** The record of a model with versions 1 to 5. */
function record({
  bad = [],
  aliases,
  earlier = [],
  moveId = 1,
  promoted = moveId === 0 ? [] : earlier,
}: Versions): ServableModel {
  const version = (number: number) =>
    ({
      model: 'ad_ctr',
      version: number,
      bad: bad.includes(number) ? {} : null,
      collectedAt: null,
      contentDigest: `content ${number}`,
    }) as unknown as ServableVersion;
  return {
    versions: new Map([1, 2, 3, 4, 5].map((number) => [number, version(number)])),
    aliases: Object.entries(aliases).map(
      ([alias, number]) =>
        ({
          model: 'ad_ctr',
          alias,
          version: number,
          move: moveId === 0 ? null : { moveId },
          earlier,
          promoted,
        }) as unknown as AliasState,
    ),
  };
}

/** A process whose versions open when the test says so. */
function process({ broken = [] as readonly number[], code = WRONG } = {}) {
  const changes = { count: 0 };
  const inMemory = new Set<number>();
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  const held = new Set<number>();
  const failing = new Set(broken);
  const model = createModelInService('ad_ctr', {
    async open({ version, contentDigest }) {
      if (held.has(version)) {
        const gate = Promise.withResolvers<void>();
        waiting.set(version, gate);
        await gate.promise;
      }
      if (failing.has(version)) throw new LarderError(code, 'not now');
      inMemory.add(version);
      const served = {
        name: 'ad_ctr',
        version,
        contentDigest,
        under: () => served,
      } as unknown as ServedModel;
      return served;
    },
    retire: ({ version }) => void inMemory.delete(version),
    onChange: () => void (changes.count += 1),
    asked: { ask: () => 1, has: () => false, touch: () => {} },
    mayLoadSpares: () => true,
    logger: { error: () => {} },
  });
  const answering = (asked?: number | string): number | string => {
    try {
      return model.route(asked).served.version;
    } catch (error) {
      return error instanceof LarderError ? error.code : String(error);
    }
  };
  return {
    model,
    answering,
    changes: () => changes.count,
    fix: () => failing.clear(),
    inMemory: () => [...inMemory].sort((a, b) => a - b),
    hold: (version: number) => void held.add(version),
    release(version: number) {
      held.delete(version);
      waiting.get(version)?.resolve();
    },
    follow: (versions: Versions) => model.follow(record(versions), APPLIED),
    problems: () => model.aliases().map(({ failure }) => failure?.detail ?? null),
  };
}

test('the version before answers until the next one is loaded, and stays warm after it', async () => {
  const { model, follow, hold, release, answering, inMemory } = process();
  follow({ aliases: { champion: 1 } });
  await model.settled;
  hold(2);
  follow({ aliases: { champion: 2 }, earlier: [1], moveId: 2 });
  expect([answering(), answering('champion'), model.route(undefined).alias?.moveId]).toEqual([1, 1, 1]);
  release(2);
  await expect.poll(() => [answering(), model.route(undefined).alias?.moveId]).toEqual([2, 2]);
  expect(inMemory()).toEqual([1, 2]);
  follow({ aliases: { champion: 1 }, bad: [2], moveId: 3 });
  expect([answering(), model.route(undefined).alias?.moveId], 'a rollback loads nothing').toEqual([1, 3]);
  expect(inMemory(), 'a bad version is not kept').toEqual([1]);
});

test('a version that cannot be loaded: the one before goes on, and the process says so', async () => {
  const { model, follow, answering, problems, changes } = process({ broken: [2] });
  follow({ aliases: { champion: 1 } });
  await model.settled;
  const before = changes();
  follow({ aliases: { champion: 2 }, earlier: [1], moveId: 2 });
  await expect.poll(problems).toEqual([expect.stringContaining('MODEL_GOLDEN_MISMATCH')]);
  expect(changes(), 'whoever waits for the move is told at once').toBe(before + 1);
  expect([answering(), model.route(undefined).alias?.moveId]).toEqual([1, 1]);
  expect(answering(2), 'an explicit version is never another').toBe('MODEL_NOT_READY');
});

test('a process that starts falls back to what was promoted and is not bad, the newest first', async () => {
  const { model, follow, answering, problems } = process({ broken: [5, 3] });
  follow({ aliases: { champion: 5 }, earlier: [3, 2, 1], bad: [4] });
  await model.settled;
  expect(answering()).toBe(2);
  expect(problems()).toEqual([expect.stringContaining('Version 5')]);
});

test('without a promoted version nothing else answers', async () => {
  const { model, follow, answering } = process({ broken: [5] });
  follow({ aliases: { champion: 5 }, earlier: [4, 3], moveId: 0 });
  await model.settled;
  expect(answering()).toBe('MODEL_NOT_READY');
});

test('a version that was only followed before the first promote never answers for one that cannot be loaded', async () => {
  const { model, follow, answering } = process({ broken: [5] });
  follow({ aliases: { champion: 5 }, earlier: [4, 3], promoted: [3] });
  await model.settled;
  expect(answering()).toBe(3);
  const nothing = process({ broken: [5] });
  nothing.follow({ aliases: { champion: 5 }, earlier: [4, 3], promoted: [] });
  await nothing.model.settled;
  expect(nothing.answering()).toBe('MODEL_NOT_READY');
});

test('a version that was marked as bad yields to an earlier one, if the next cannot be loaded', async () => {
  const { model, follow, answering } = process({ broken: [3] });
  follow({ aliases: { champion: 2 }, earlier: [1] });
  await model.settled;
  follow({ aliases: { champion: 3 }, earlier: [1], bad: [2], moveId: 2 });
  await expect.poll(() => answering()).toBe(1);
});

test('each alias has its own version, and a dropped alias its none', async () => {
  const { model, follow, answering, inMemory } = process();
  follow({ aliases: { champion: 1, challenger: 3 } });
  await model.settled;
  expect([answering(), answering('challenger'), answering('other')]).toEqual([
    1,
    3,
    'MODEL_VERSION_NOT_FOUND',
  ]);
  follow({ aliases: { champion: 1 } });
  expect(answering('challenger')).toBe('MODEL_VERSION_NOT_FOUND');
  expect(inMemory()).toEqual([1]);
});

test('what could not be had is tried again; what is wrong itself is not', async () => {
  const { model, follow, answering, fix } = process({ broken: [1, 2], code: 'DATABASE_UNAVAILABLE' });
  follow({ aliases: { champion: 1, challenger: 2 } });
  await model.settled;
  expect([answering(), answering('challenger')]).toEqual(['MODEL_NOT_READY', 'MODEL_NOT_READY']);
  fix();
  model.retry();
  await expect.poll(() => [answering(), answering('challenger')]).toEqual([1, 2]);

  const wrong = process({ broken: [1] });
  wrong.follow({ aliases: { champion: 1 } });
  await wrong.model.settled;
  wrong.fix();
  wrong.model.retry();
  await new Promise(setImmediate);
  expect(wrong.answering()).toBe('MODEL_NOT_READY');
});
