import type { ErrorCode } from '@larder/core';
import type { ArtifactPlaces } from '@larder/core/config';
import type {
  BuildProgress,
  CutOff,
  EngineChoice,
  OutputFormat,
  SpineSource,
  SplitRequest,
  TrainingSetManifest,
} from '@larder/training';
import type { BrokenInside } from './broken-inside.ts';

/** What the process that builds a training set is told; plain data. */
export interface BuildJob {
  readonly trainingSetId: string;
  /** Of the service. */
  readonly processId: string;
  readonly project: string;
  readonly projectPath: string;
  readonly databaseUrl: string;
  readonly artifacts: ArtifactPlaces;
  readonly connections: Readonly<Record<string, string>>;
  readonly asked: AskedTrainingSet;
  /** The set to build again, which `asked` repeats; null: a new one. */
  readonly again: TrainingSetManifest | null;
  readonly folder: string;
  readonly temporaryFolder: string;
  readonly memoryMb: number;
  /** Of the files that it writes. */
  readonly diskMb: number;
  /** Of an uploaded file. */
  readonly maxSpineRows: number;
  readonly actor: string;
}

/** A training set as a caller asks for it. */
export interface AskedTrainingSet {
  readonly features:
    | { readonly model: string; readonly version?: string | undefined }
    | { readonly references: readonly string[] };
  readonly spine: SpineSource;
  readonly timeColumn?: string | undefined;
  readonly cutOff: CutOff;
  readonly engine: EngineChoice;
  readonly split: SplitRequest | null;
  readonly format: OutputFormat;
}

export type BuildMessage =
  | { readonly progress: BuildProgress }
  | { readonly done: true }
  | ({ readonly error: { readonly code: ErrorCode; readonly reason: string } } & BrokenInside);
