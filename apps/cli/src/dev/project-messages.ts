import type { ErrorCode, ErrorDetail } from '@larder/core';
import type { Manifest } from '@larder/features';
import type { ChangeCheck, ChangeResult, ChangeStores } from './change-in-place.ts';

/** The project's files at one moment. */
export interface ProjectReading {
  /** Null when the project cannot be loaded. */
  readonly manifest: Manifest | null;
  readonly problem: Told | null;
  /** Absolute paths of the project's files and artifact folders. */
  readonly files: readonly string[];
}

/** An error, as it crosses from one process to another. */
export interface Told {
  readonly code: ErrorCode;
  readonly message: string;
  readonly errors: readonly ErrorDetail[];
}

export type Request =
  | { readonly step: 'prepare'; readonly stores: ChangeStores }
  | { readonly step: 'commit' };

export type Answer =
  | { readonly reading: ProjectReading }
  | { readonly prepared: ChangeCheck }
  | { readonly changed: ChangeResult }
  | { readonly problem: Told };
