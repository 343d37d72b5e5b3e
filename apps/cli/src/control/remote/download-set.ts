import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TrainingSetAnswer } from '@larder/contracts';
import { isLarderError, LarderError } from '@larder/core';
import type { TrainingSetManifest } from '@larder/training';
import { z } from 'zod';
import type { ServiceClient } from './service-client.ts';
import { unreachable } from './unreachable.ts';

export interface Download {
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Where the rows are that were sent, for building the set again. */
  readonly spinePath?: string;
}

/** What a download relies on; a service cannot make it write elsewhere. */
const filesSchema = z.object({
  files: z
    .array(
      z.object({
        part: z.enum(['all', 'train', 'validation', 'test']),
        path: z.string().regex(/^[a-z]+\.(parquet|csv)$/),
        format: z.enum(['parquet', 'csv']),
        size_bytes: z.int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .min(1),
});

type File = z.infer<typeof filesSchema>['files'][number];

/**
 * Writes the files of a complete set, and then its manifest, into an empty folder.
 * @throws SERVICE_ANSWER_INVALID where what arrives is not what the manifest says, TRAINING_SET_ELSEWHERE, TRAINING_SET_FILES_GONE
 */
export async function downloadSet(
  client: ServiceClient,
  { training_set_id: id, manifest: given }: TrainingSetAnswer,
  { folder, signal, spinePath }: Download,
): Promise<TrainingSetManifest> {
  const parsed = filesSchema.safeParse(given);
  if (!parsed.success)
    throw new LarderError(
      'SERVICE_ANSWER_INVALID',
      `The manifest of the training set ${id} names no files that can be copied.`,
    );
  for (const file of parsed.data.files) await downloadFile(client, file, { id, folder, signal });
  const manifest = given as unknown as TrainingSetManifest;
  const { source } = manifest.spine;
  const local: TrainingSetManifest =
    source.kind === 'file' && spinePath !== undefined
      ? { ...manifest, spine: { ...manifest.spine, source: { ...source, path: spinePath } } }
      : manifest;
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(local, null, 2)}\n`);
  return local;
}

async function downloadFile(
  { open, url }: ServiceClient,
  { part, path, format, size_bytes: expectedBytes, sha256 }: File,
  { id, folder, signal }: { readonly id: string; readonly folder: string; readonly signal: AbortSignal },
): Promise<void> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const measured = new Transform({
    transform(bytes: Buffer, _, done) {
      sizeBytes += bytes.length;
      hash.update(bytes);
      done(sizeBytes > expectedBytes ? differs() : null, bytes);
    },
  });
  const differs = (): LarderError =>
    new LarderError(
      'SERVICE_ANSWER_INVALID',
      `${path} of the training set ${id} did not arrive as its manifest says; nothing was kept. Build it again, or ask the service for its rows.`,
    );
  const response = await open(`/v1/training-sets/${encodeURIComponent(id)}/rows`, {
    query: { format, part },
    signal,
  });
  if (response.body === null) throw differs();
  try {
    await pipeline(
      Readable.fromWeb(response.body),
      measured,
      createWriteStream(join(folder, path), { flags: 'wx' }),
    );
  } catch (error) {
    if (signal.aborted)
      throw new LarderError(
        'TRAINING_SET_STOPPED',
        'The download was stopped; nothing of the set is left here.',
        { cause: error },
      );
    const { code } = error as NodeJS.ErrnoException;
    if (isLarderError(error)) throw error;
    throw code === 'ENOSPC'
      ? new LarderError('DISK_FULL', `The disk of ${folder} is full.`, { cause: error })
      : unreachable(error, url);
  }
  if (sizeBytes !== expectedBytes || hash.digest('hex') !== sha256) throw differs();
}
