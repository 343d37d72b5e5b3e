import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { jsonOf, larder, runCli } from '../../fixtures/run-cli.ts';

const folder = join(inject('testFolder'), `preview-${randomBytes(4).toString('hex')}`);
const preview = (key: string) =>
  runCli(['preview', 'picture_light', '--entity', key, '--json'], { cwd: folder });

test('computes one entity and writes nothing; what a worker would refuse is refused', async () => {
  await larder(['init', folder]);
  const good = await preview('blue.png');
  expect(good.code).toBe(0);
  expect(jsonOf(good)).toMatchObject({ rows: [{ values: { aspect: 1.5 } }] });

  const absent = await preview('none.png');
  expect(absent.code).toBe(1);
  expect(jsonOf(absent)).toMatchObject({
    code: 'ENTITY_NOT_FOUND',
    detail: 'The source of picture_light@1 has no row for none.png.',
  });

  const compute = join(folder, 'src/picture-light.ts');
  writeFileSync(compute, readFileSync(compute, 'utf8').replace('aspect:', 'aspekt:'));
  const misspelt = await preview('blue.png');
  expect(misspelt.code).toBe(1);
  expect(jsonOf(misspelt)).toMatchObject({
    rows: [
      {
        failure: { code: 'FEATURE_VALUE_INVALID', reason: expect.stringContaining('aspekt is not declared') },
      },
    ],
  });

  writeFileSync(
    compute,
    readFileSync(compute, 'utf8')
      .replace(
        'async function',
        'function absent(): never {\n  throw new TypeError("no such tensor");\n}\n\nasync function',
      )
      .replace('  try {', '  absent();\n  try {'),
  );
  const throwing = await preview('blue.png');
  expect(throwing.code).toBe(1);
  expect(jsonOf(throwing)).toMatchObject({
    code: 'COMPUTATION_FAILED',
    detail: expect.stringMatching(
      /^The computation of picture_light@1 threw: no such tensor \(src\/picture-light\.ts:\d+:\d+\)$/,
    ),
  });
});
