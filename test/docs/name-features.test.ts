import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { expect, onTestFinished, test } from 'vitest';

const FILE = resolve(import.meta.dirname, 'snippets/name-features.py');
const program = readFileSync(FILE, 'utf8');
const python = (...args: readonly string[]) => spawnSync('python3', args, { encoding: 'utf8' });
const hasPython = python('--version').status === 0;
const hasOnnx = hasPython && python('-c', 'import onnx').status === 0;

test('the guide shows the program as it is', () => {
  const guide = readFileSync(resolve(import.meta.dirname, '../../docs/guides/your-own-project.md'), 'utf8');
  expect(guide).toContain(`\`\`\`python\n${program}\`\`\``);
});

test.skipIf(!hasPython)('the program is Python', () => {
  const { status, stderr } = python('-c', `compile(open(${JSON.stringify(FILE)}).read(), 'x', 'exec')`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

// only where the package `onnx` is installed: nothing of Larder needs it
test.skipIf(!hasOnnx)('the program names the features in the file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-name-features-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'models'));
  await writeLogisticArtifact(join(folder, 'models/warmth'), {
    features: ['another:order'],
    weights: [1],
    output: 'warm',
  });
  const { status, stderr } = spawnSync('python3', [FILE], { cwd: folder, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(readFileSync(join(folder, 'models/warmth/model.onnx')).includes('["photo_colour:embedding"]')).toBe(
    true,
  );
});
