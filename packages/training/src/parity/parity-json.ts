import type { ParityReport } from './parity-report.ts';

/** The report as JSON of the command line. */
export function parityJson(report: ParityReport) {
  const { model, versions, predictions, complete, unexplained, explained, unchecked } = report;
  return {
    model,
    versions,
    predictions,
    complete,
    unexplained,
    explained,
    unchecked,
    features: report.features.map(({ examples, ...feature }) => ({
      ...feature,
      examples: examples.map(({ predictionId, cause, detail, logged, rebuilt }) => ({
        prediction_id: predictionId,
        cause,
        detail,
        logged,
        rebuilt,
      })),
    })),
  };
}
