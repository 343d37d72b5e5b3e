import { jsonPointer, type ErrorDetail } from '@larder/core';

/** Records one problem: where (`['feature_views', 'ad_image@1', 'ttl']`) and what to do about it. */
export type Report = (path: readonly (string | number)[], detail: string) => void;

export interface Problems {
  readonly report: Report;
  readonly errors: readonly ErrorDetail[];
}

export function collectProblems(): Problems {
  const errors: ErrorDetail[] = [];
  return { errors, report: (path, detail) => void errors.push({ pointer: jsonPointer(path), detail }) };
}

/** A report that starts below `base`. */
export function below(report: Report, ...base: readonly (string | number)[]): Report {
  return (path, detail) => report([...base, ...path], detail);
}
