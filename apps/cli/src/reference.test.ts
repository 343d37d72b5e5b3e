import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as inference from '../../inference/src/config.ts';
import * as worker from '../../worker/src/config.ts';
import { renderReference } from '../fixtures/render-reference.ts';
import { environment, readConfig } from './config.ts';

const reference = resolve(import.meta.dirname, '../../../docs/reference');

const byName = (a = '', b = '') => a.localeCompare(b);

test('cli.md is what the verbs say of themselves', async () => {
  await expect(await renderReference()).toMatchFileSnapshot(join(reference, 'cli.md'));
});

describe('configuration.md', () => {
  const known = [...Object.keys(environment.shape), 'LARDER_CONNECTION_<NAME>_URL'].toSorted(byName);

  test('has a line for every setting, and no other', async () => {
    const text = await readFile(join(reference, 'configuration.md'), 'utf8');
    const listed = [...text.matchAll(/^\| `(LARDER_[A-Z_<>]+)` \|/gm)].map(([, name]) => name);
    expect(listed.toSorted(byName)).toEqual(known);
  });

  test.for([
    ['inference', inference.readConfig],
    ['worker', worker.readConfig],
    ['cli', (env: NodeJS.ProcessEnv) => readConfig({}, env)],
  ] as const)('%s knows the same settings', ([, read]) => {
    let said = '';
    try {
      read({ LARDER_NOBODY_KNOWS: '1' });
    } catch (error) {
      said = String(error);
    }
    const [, list = ''] = /is not a setting; known are (.*)/.exec(said) ?? [];
    expect(list.split(/, | and /).toSorted(byName)).toEqual(known);
  });
});
