import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{packages,apps,examples,infra,test}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/.larder/**', '**/templates/**'],
    globalSetup: ['@larder/testing/global-setup'],
    pool: 'forks',
    maxWorkers: 2,
    // Far beyond what anything takes on an idle machine: tests also run on busy ones.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000 } },
    passWithNoTests: true,
  },
});
