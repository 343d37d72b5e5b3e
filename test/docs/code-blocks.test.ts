import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import privateHosts from './snippets/private-hosts.ts';
import publicHosts from './snippets/public-hosts.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Files whose code runs in the tests. */
const RUNNING = globSync(
  [
    'examples/*/{*.ts,{demo,src,training,test}/**/*.ts}',
    'apps/cli/templates/*/{*.ts,src/**/*.ts}',
    'test/e2e/own-project/**/*.ts',
    'test/e2e/from-labels/*.ts',
    'test/python/project/*.ts',
    'test/docs/snippets/*.ts',
    'packages/features/src/fixtures/**/*.ts',
    'packages/serving/fixtures/ads/*.ts',
  ],
  { cwd: ROOT },
).map(read);

/** Blocks that are not TypeScript, by page, and what checks them. */
const HELD: Readonly<Record<string, readonly string[]>> = {
  'docs/concepts/run-and-chunk.md': ['mermaid'], // test/docs/run-states.test.ts
  'docs/guides/archive.md': ['sql', 'python'], // test/archive: the same queries on a real archive
  'docs/guides/be-paged-and-act.md': ['yaml'], // test/monitoring/prometheus-config.test.ts
  'docs/guides/from-labels-to-a-model.md': ['python'], // clients/python/tests/test_training.py runs the page
  'docs/guides/kinds-of-models.md': ['python'], // the same
  'docs/guides/operate-from-anywhere.md': ['bash'], // test/docs/operate-from-anywhere.test.ts runs it
  'docs/guides/security.md': ['text', 'sh'], // test/redis/redis-user.test.ts, test/docs/security.test.ts
  'docs/guides/traces.md': ['js'], // test/docs/traces.test.ts runs it
  'docs/guides/who-is-on-call.md': ['text', 'json'], // apps/cli/src/status/print-status.test.ts, test/docs/webhook.test.ts
  'docs/reference/cli.md': ['text'], // apps/cli/src/reference.test.ts
  'docs/reference/http.md': ['json'], // apps/inference/src/routes/http-reference.test.ts
  'docs/reference/artifact.md': ['json'], // packages/model-runtime/src/artifact/artifact-reference.test.ts
  'docs/reference/redis-layout.md': ['python'], // packages/online-store/src/rows/redis-layout.test.ts
  'docs/reference/training-set.md': ['python'], // packages/training/src/training-set/hash/content-hash.test.ts
  'docs/reference/sql-schema.md': ['sql'], // packages/offline-store/src/sql-schema.test.ts
};

const pages = globSync(['README.md', 'docs/**/*.md', 'examples/*/README.md'], { cwd: ROOT }).toSorted();

describe.each(pages)('%s', (page) => {
  const blocks = [...read(page).matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(
    ([, language = '', code = '']) => ({
      language,
      code,
    }),
  );

  test('its TypeScript stands in files that run', () => {
    const strange = blocks.filter(
      ({ language, code }) => language === 'ts' && !RUNNING.some((file) => file.includes(code)),
    );
    expect(strange).toEqual([]);
  });

  test('its other code is held by a test', () => {
    // blocks without a language are commands and their output
    const others = blocks
      .map(({ language }) => language)
      .filter((language) => !['', 'ts'].includes(language));
    expect(HELD[page] ?? []).toEqual(expect.arrayContaining(others));
  });
});

test('there is something to hold', () => {
  expect(RUNNING.length).toBeGreaterThan(20);
  expect(pages).toEqual(
    expect.arrayContaining(['README.md', 'docs/guides/your-own-project.md', 'examples/ads/README.md']),
  );
});

test('the projects of the guides are projects', () => {
  expect([publicHosts.allowedHosts, privateHosts.allowedHosts]).toEqual([
    ['cdn.example.com', '*.images.example.net'],
    ['minio.internal:9000', '10.0.0.5:9000'],
  ]);
});
