import type { ModelSignature } from './model-signature.ts';

/** A model file that was checked; plain data, so that threads can be told of it. */
export interface CheckedModel {
  readonly name: string;
  readonly modelPath: string;
  /** Of the file that was checked. */
  readonly sha256: string;
  readonly signature: ModelSignature;
  readonly width: number;
}
