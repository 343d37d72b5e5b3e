import { ERRORS, isLarderError } from '@larder/core';
import type { Computation, ComputationContext, RowFailure, RowOutcome, SourceRow } from '@larder/features';
import { openPictureDecoder } from './decoder/shared-decoder.ts';
import { fetchPicture } from './fetch-picture.ts';
import { loadPictureEncoder } from './picture-encoder.ts';
import { pictureStatistics } from './picture-pixels.ts';

export interface ImageComputationOptions {
  readonly column: string;
  readonly concurrency: number;
  readonly maxPixels: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/**
 * Fetch → decode → encode for `concurrency` pictures at a time: while one is encoded on this thread, others are
 * fetched here and decoded in another process. An address that several rows share is fetched once.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH
 */
export async function createImageComputation(
  context: ComputationContext,
  options: ImageComputationOptions,
): Promise<Computation> {
  const encoderPath = context.artifactPaths['encoder'];
  if (encoderPath === undefined) throw new Error("imageFeatures got no path for its artifact 'encoder'");
  const encoder = await loadPictureEncoder(encoderPath);
  const decoder = openPictureDecoder();
  const { column, concurrency, maxPixels, maxBytes, timeoutMs } = options;
  const { width, height, fit } = encoder;

  const describe = async (address: string, signal: AbortSignal): Promise<RowOutcome> => {
    try {
      const bytes = await fetchPicture(address, {
        allowedHosts: context.allowedHosts,
        timeoutMs,
        maxBytes,
        signal,
      });
      const { rgb } = await decoder.decode(bytes, { shape: { width, height, fit }, maxPixels });
      signal.throwIfAborted();
      return { values: { embedding: await encoder.encode(rgb), ...pictureStatistics(rgb) } };
    } catch (error) {
      if (!isLarderError(error) || !error.code.startsWith('PICTURE_')) throw error;
      return { failure: { code: error.code, reason: error.message, retryable: error.retryable } };
    }
  };

  return {
    async compute(rows, signal) {
      const outcomes = new Map<string, RowOutcome>();
      const addresses = new Set(rows.map((row) => row[column]).filter(isAddress)).values();
      const work = async (): Promise<void> => {
        for (const address of addresses) outcomes.set(address, await describe(address, signal));
      };
      const ends = await Promise.allSettled(Array.from({ length: concurrency }, work));
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
      return rows.map((row) => {
        const address = row[column];
        const outcome = isAddress(address) ? outcomes.get(address) : undefined;
        return outcome ?? { failure: noAddress(row, column) };
      });
    },
    async close() {
      decoder.close();
      await encoder.close();
    },
  };
}

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function noAddress(row: SourceRow, column: string): RowFailure {
  const problem =
    column in row ? `The column '${column}' holds no address` : `The source gives no column '${column}'`;
  return {
    code: 'PICTURE_URL_INVALID',
    reason: `${problem}; mend the source, or name the right column to imageFeatures.`,
    retryable: ERRORS.PICTURE_URL_INVALID.retryable,
  };
}
