import { createLogger } from '@larder/core';
import { expect, test } from 'vitest';
import { artifact, packageArtifact } from '../artifact/artifact.ts';
import type { ComputeDescriptor } from './computation.ts';
import { computeOnce } from './compute-once.ts';

/** Answers with the folders that it was given. */
const descriptor: ComputeDescriptor = {
  kind: 'folders',
  options: {},
  artifacts: {
    own: artifact('models/own'),
    replaced: artifact('models/replaced'),
    installed: packageArtifact('vitest/dist', import.meta.url),
  },
  load: async () => ({
    createComputation: async ({ artifactPaths }) => ({
      compute: async () => [{ values: artifactPaths }],
      close: async () => {},
    }),
  }),
};

test('artifacts are in the project, in a package, or where the caller has them', async () => {
  const [outcome] = await computeOnce(descriptor, [{}], {
    root: '/project',
    artifactPaths: { replaced: '/cache/replaced' },
    allowedHosts: [],
    logger: createLogger('test', { level: 'silent' }),
    signal: new AbortController().signal,
  });
  expect(outcome).toEqual({
    values: {
      own: '/project/models/own',
      replaced: '/cache/replaced',
      installed: expect.stringMatching(/node_modules\/vitest\/dist$/),
    },
  });
});
