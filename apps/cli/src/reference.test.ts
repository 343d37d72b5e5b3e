import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SETTINGS, type Setting } from '@larder/core/config';
import { describe, expect, test } from 'vitest';
import * as inference from '../../inference/src/config.ts';
import * as worker from '../../worker/src/config.ts';
import { renderReference } from '../fixtures/render-reference.ts';
import { readConfig } from './config.ts';

const reference = resolve(import.meta.dirname, '../../../docs/reference');

test('cli.md is what the verbs say of themselves', async () => {
  await expect(await renderReference()).toMatchFileSnapshot(join(reference, 'cli.md'));
});

describe('configuration.md', () => {
  const lineOf = ([name, setting]: readonly [string, Setting]): string => {
    const byDefault = setting.without ?? `\`${String(setting.default)}\``;
    return `| \`${name}\` | ${setting.readBy} | ${byDefault} | ${setting.description} |`;
  };

  test('has a line for every setting, and no other', async () => {
    const text = await readFile(join(reference, 'configuration.md'), 'utf8');
    expect(text.match(/^\| `LARDER_.*$/gm)).toEqual(Object.entries(SETTINGS).map(lineOf));
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
    expect(list.split(/, | and /)).toEqual(Object.keys(SETTINGS));
  });
});
