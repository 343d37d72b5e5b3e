import { keyHasher } from '@larder/offline-store';
import type { LoadedProject } from '@larder/features';
import type { ModelRunner } from '@larder/model-runtime';
import { connectRedis, createOnlineStore, waitForRedis, type OnlineStore } from '@larder/online-store';
import { test as base } from '@larder/testing';
import { inject } from 'vitest';
import type { Predictor } from '../predictor.ts';
import { openFixture, type FixtureConfig } from './open-fixture.ts';
import { fixturePredictor } from './predictor-fixture.ts';

export interface Served {
  readonly project: LoadedProject;
  readonly onlineStore: OnlineStore;
  readonly adCtr: Predictor & { readonly runner: ModelRunner };
}

/** `test` with the fixture project, by default of `larder.config.ts`, and `ad_ctr`, with one Redis per test file. */
export const test = base.extend<{ $file: { served: Served; config: FixtureConfig } }>({
  config: [async ({}, use) => use('larder.config.ts'), { scope: 'file' }],
  served: [
    async ({ redis, config }, use) => {
      const connection = connectRedis(redis.url, { role: 'serving' });
      await waitForRedis(connection, 30_000);
      const project = await openFixture(inject('testFolder'), config);
      const onlineStore = createOnlineStore({
        redis: connection,
        project: project.name,
        keyHasher: async () => keyHasher(Buffer.alloc(32)),
      });
      const adCtr = await fixturePredictor({ project, onlineStore, model: 'ad_ctr' });
      await use({ project, onlineStore, adCtr });
      await adCtr.runner.close();
      connection.disconnect();
    },
    { scope: 'file' },
  ],
});
