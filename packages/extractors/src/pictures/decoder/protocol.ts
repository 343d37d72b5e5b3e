import { ERRORS, type ErrorCode } from '@larder/core';
import { z } from 'zod';
import type { DecodePictureOptions } from '../decode-picture.ts';

/** After standard input, output and errors. */
export const DECODER_SOCKET_FD = 3;
/** `picture-memory.ts` */
export const DECODER_MEMORY_FD = 4;
/** Last line to standard error of a decoder that ended itself because it used more memory than it may. */
export const OUT_OF_MEMORY_LINE = 'larder: out of memory';

export interface DecodeRequest extends DecodePictureOptions {
  readonly id: number;
  /** Where the file lies, and where the pixels are wanted. */
  readonly region: number;
  /** Size of the file. */
  readonly sizeBytes: number;
}

/** Pixels lie in the region of the request. Parsed, because a process that a picture took over would answer anything. */
export const decodeAnswer = z.union([
  z.strictObject({ ready: z.literal(true) }),
  z.strictObject({ id: z.int(), width: z.int().positive(), height: z.int().positive() }),
  z.strictObject({
    id: z.int(),
    error: z.strictObject({ code: z.enum(Object.keys(ERRORS) as [ErrorCode]), message: z.string() }),
  }),
]);

export type DecodeAnswer = z.output<typeof decodeAnswer>;
