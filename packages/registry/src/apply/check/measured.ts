import type { ModelMeasures } from '@larder/model-runtime';

/** What apply measured of a model version, as `larder.model_versions.measured` and the HTTP API have it. */
export interface Measured {
  readonly placement: ModelMeasures['placement'];
  readonly latency_ms: number;
  readonly memory_mb: number;
}

export function measuredOf({ placement, latencyMs, memoryMb }: ModelMeasures): Measured {
  return { placement, latency_ms: rounded(latencyMs), memory_mb: rounded(memoryMb) };
}

/** To thousandths: less is noise. */
function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
