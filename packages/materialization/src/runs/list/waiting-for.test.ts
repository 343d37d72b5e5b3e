import { createLogger } from '@larder/core';
import { announceProcess } from '@larder/offline-store';
import { expect, onTestFinished } from 'vitest';
import { VIEW, newRun, plannedRun, test } from '../../testing/runs.ts';
import { cancelRun, createRun, foldRuns, getRun, listRuns, waitingText } from '../index.ts';

const logger = createLogger('test', { level: 'silent' });

test('an open run shows that no worker runs, or that none has its code', async ({ store, project }) => {
  const { runId } = await createRun(store, newRun(project));
  const waitingFor = async () => (await getRun(store, project, runId)).waitingFor;
  expect(await waitingFor()).toBe('worker');
  const run = await getRun(store, project, runId);
  expect(waitingText(run)).toBe('No worker runs: larder worker starts one.');

  let views = [{ ...VIEW, fingerprint: 'f2' }];
  const worker = announceProcess(
    store,
    { processId: `w-${project}`, project, role: 'worker', describe: () => ({ views }) },
    { logger, intervalMs: 20 },
  );
  onTestFinished(() => worker.close());
  await expect.poll(waitingFor).toBe('code');
  expect(waitingText(await getRun(store, project, runId))).toContain('No worker has the code of ad_image@1');
  expect(waitingText(await getRun(store, project, runId))).toContain(
    'the running ones have ad_image@1 with other code.',
  );
  views = [{ ...VIEW, view: 'colour' }];
  await expect
    .poll(async () => waitingText(await getRun(store, project, runId)))
    .toContain('the running ones have no ad_image.');
  const lacking = { ...VIEW, lacks: 'ads' };
  views = [lacking];
  await expect.poll(waitingFor).toBe('source');
  expect(waitingText(await getRun(store, project, runId))).toBe(
    'No worker has an address for the source of ad_image@1. Set LARDER_CONNECTION_ADS_URL where workers run, and restart them.',
  );
  views = [VIEW];
  await expect.poll(waitingFor).toBeNull();
  await worker.close();
  await expect.poll(waitingFor).toBe('worker');
  await cancelRun(store, project, runId);
  expect(await waitingFor()).toBeNull();

  const removed = await createRun(store, newRun(project, { view: 'colour' }));
  await store.pool.query(
    `insert into larder.manifests (project, manifest, changes, same_meaning, actor)
      values ($1, '{"feature_views": {"ad_image@1": {}}}', '[]', '{}', 'test')`,
    [project],
  );
  const removedRun = await getRun(store, project, removed.runId);
  expect(removedRun.waitingFor).toBe('view');
  expect(waitingText(removedRun)).toBe(
    `colour@1 was removed: no worker computes it. Cancel the run: larder runs ${removed.runId} cancel`,
  );
  await cancelRun(store, project, removed.runId);

  const running = await plannedRun(store, project, 1);
  expect((await listRuns(store, project, {})).runs[0]).toMatchObject({
    runId: running,
    waitingFor: 'worker',
  });
  expect(await foldRuns(store, project, [running])).toMatchObject([{ waitingFor: 'worker' }]);
});
