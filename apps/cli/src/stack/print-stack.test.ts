import { PassThrough } from 'node:stream';
import type { Manifest } from '@larder/features';
import { expect, test } from 'vitest';
import { createOutput } from '../output/output.ts';
import { printStack } from './print-stack.ts';

const stack = {
  applied: { name: 'shop' },
  inferenceUrl: 'http://127.0.0.1:1',
  workerUrl: 'http://127.0.0.1:2',
  databaseUrl: 'postgresql://larder:secret@127.0.0.1:3/larder',
  redisUrl: 'redis://127.0.0.1:4',
  logs: '/logs',
} as unknown as Parameters<typeof printStack>[0];
const view = (name: string, source: object) => ({ name, entity: 'ad', source });
const manifest = {
  models: {},
  feature_views: {
    'clicks@1': view('clicks', { kind: 'sql', connection: 'shop' }),
    'colour@1': view('colour', { kind: 'folder' }),
  },
} as unknown as Manifest;

function printed(connections: Record<string, string>, views: object = manifest.feature_views): string {
  let text = '';
  const stream = () => new PassThrough().on('data', (chunk: Buffer) => (text += chunk.toString()));
  const out = createOutput({ json: false, colours: false, columns: 80, stdout: stream(), stderr: stream() });
  const shown = { ...manifest, feature_views: views } as Manifest;
  printStack(stack, { manifest: shown, config: { connections } }, out);
  return text;
}

test('suggests only a backfill whose source has an address', () => {
  expect(printed({ shop: 'postgresql://127.0.0.1/shop' })).toContain('larder backfill clicks');
  expect(printed({})).toContain('larder backfill colour');
  expect(printed({}, { 'clicks@1': manifest.feature_views['clicks@1'] })).not.toContain('backfill');
  expect(printed({})).not.toContain('secret');
});

test('suggests no backfill of a view that is pushed or follows events, while there is another one', () => {
  const views = {
    'affinity@1': view('affinity', { kind: 'push' }),
    'ad_hours@1': view('ad_hours', { kind: 'events', event_source: 'clicks' }),
  };
  expect(printed({}, { ...views, ...manifest.feature_views })).toContain('larder backfill colour');
  expect(printed({}, views)).not.toContain('backfill');
});
