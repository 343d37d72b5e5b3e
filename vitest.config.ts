import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{packages,apps,examples,infra,test}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/.larder/**', '**/templates/**'],
    globalSetup: ['@larder/testing/global-setup'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: true,
  },
});
