import type { ErrorCode } from '@larder/core';
import type { LoadModelOptions, ModelMeasures } from '@larder/model-runtime';

/** What a check process is asked to open; JSON, which has no NaN. */
export type CheckJob =
  | {
      readonly kind: 'model';
      readonly model: Omit<LoadModelOptions, 'missing'> & { readonly missing: 'nan' | number };
    }
  | {
      readonly kind: 'view';
      readonly configPath: string;
      readonly ref: string;
      /** Folders by the name in the computation. */
      readonly artifactPaths: Readonly<Record<string, string>>;
      readonly allowedHosts: readonly string[];
    };

export type CheckAnswer =
  | { readonly measured: ModelMeasures | null }
  /** Code null: thrown by the project's own code. */
  | { readonly error: { readonly code: ErrorCode | null; readonly message: string } };
