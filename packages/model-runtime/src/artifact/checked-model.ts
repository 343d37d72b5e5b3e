import type { ModelSignature } from './model-signature.ts';

/** A model file that was checked; plain data, so that it can be sent to threads. */
export interface CheckedModel {
  readonly name: string;
  readonly modelPath: string;
  /** Hash of the file that was checked. */
  readonly sha256: string;
  readonly signature: ModelSignature;
  readonly width: number;
}
