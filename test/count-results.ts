/** The part of vitest's JSON report that is read here. */
export interface TestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** Failed tests, and files that failed without a failed test; at least one when vitest failed for another reason. */
export function countResults(
  results: TestResults | null,
  exitCode: number | null,
): { readonly passed: number; readonly failed: number } {
  const files = results?.testResults ?? [];
  const brokenFiles = files.filter(
    (file) =>
      file.status === 'failed' && !file.assertionResults.some((assertion) => assertion.status === 'failed'),
  ).length;
  const failed = (results?.numFailedTests ?? 0) + brokenFiles;
  return { passed: results?.numPassedTests ?? 0, failed: exitCode === 0 ? failed : Math.max(1, failed) };
}
