import { ERRORS, type ErrorCode } from '@larder/core';
import { z } from 'zod';
import type { DecodePictureOptions } from '../decode-picture.ts';

/** First file descriptor after stdin, stdout and stderr. */
export const DECODER_SOCKET_FD = 3;
/** `picture-memory.ts` */
export const DECODER_MEMORY_FD = 4;
/** Last stderr line of a decoder that exited because it exceeded its memory limit. */
export const OUT_OF_MEMORY_LINE = 'larder: out of memory';

export interface DecodeRequest extends DecodePictureOptions {
  readonly id: number;
  /** Region that holds the file and receives the pixels. */
  readonly region: number;
  /** Size of the file. */
  readonly sizeBytes: number;
}

/** Pixels are in the region of the request. Parsed, because a process that a picture took over may answer anything. */
export const decodeAnswer = z.union([
  z.strictObject({ ready: z.literal(true) }),
  z.strictObject({ id: z.int(), width: z.int().positive(), height: z.int().positive() }),
  z.strictObject({
    id: z.int(),
    error: z.strictObject({ code: z.enum(Object.keys(ERRORS) as [ErrorCode]), message: z.string() }),
  }),
]);

export type DecodeAnswer = z.output<typeof decodeAnswer>;
