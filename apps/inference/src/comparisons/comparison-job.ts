import type { ErrorCode, ErrorDetail } from '@larder/core';
import type { ArtifactPlaces } from '@larder/core/config';
import type { BuildProgress, CompareViewsRequest } from '@larder/training';
import type { BrokenInside } from '../training-sets/broken-inside.ts';

/** What the process that compares is told; plain data. */
export interface ComparisonJob {
  readonly project: string;
  readonly databaseUrl: string;
  readonly artifacts: ArtifactPlaces;
  readonly temporaryFolder: string;
  readonly diskMb: number;
  readonly memoryMb: number;
  readonly actor: string;
  readonly asked: AskedComparison;
}

export type AskedComparison =
  | ({ readonly kind: 'views' } & CompareViewsRequest)
  | {
      readonly kind: 'parity';
      readonly model: string;
      readonly version?: number | undefined;
      readonly from?: string | undefined;
      readonly to?: string | undefined;
      readonly limit: number;
    };

export type ComparisonProgress = BuildProgress | { readonly done: number; readonly total: number };

export type ComparisonMessage =
  | { readonly progress: ComparisonProgress }
  /** As JSON. */
  | { readonly answer: string }
  | ({ readonly error: ComparisonProblem } & BrokenInside);

export interface ComparisonProblem {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly errors?: readonly ErrorDetail[];
}
