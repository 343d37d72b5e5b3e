import type { FieldManifest } from '@larder/features';
import { expect, test } from 'vitest';
import { accessColumns } from './access-columns.ts';
import { folderSource } from './folder/definition.ts';
import { sqlSource } from './sql/definition.ts';

const field = (name: string): FieldManifest => ({ name, type: 'string' });
const folder = folderSource({ folder: 'pictures', key: 'picture_id' }).manifest;
const sql = sqlSource({
  connection: 'shop',
  query: 'select id, path, updated_at as event_timestamp from files',
});

test('the path of a file is only the way to it', () => {
  expect(accessColumns({ source: folder, schema: [field('brightness')] })).toEqual(['path']);
});

test('a feature that is the path is input', () => {
  expect(accessColumns({ source: folder, schema: [field('path')] })).toEqual([]);
});

test.each([sql.manifest, { ...folder, kind: 'unknown' }])('every column of $kind is input', (source) => {
  expect(accessColumns({ source, schema: [field('brightness')] })).toEqual([]);
});
