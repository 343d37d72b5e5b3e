import type { PredictAnswer } from '@larder/contracts';
import pc from 'picocolors';
import type { LarderApi } from './larder-api.ts';
import { bad, good, line } from './terminal.ts';

/** Asks for the score that was computed ahead, and for a live one beside it. @returns what was wrong */
export async function showPrecomputed(api: LarderApi, adId: string): Promise<string[]> {
  const request = { requested_at: new Date().toISOString(), placement: 'feed', bid: 1 };
  const ask = (mode: string): Promise<PredictAnswer> => {
    const body = { entities: { ad_id: adId }, request, options: { mode, deadline_ms: 5_000 } };
    line(pc.dim(`POST /v1/models/ad_ctr/predict  ${JSON.stringify(body)}`));
    return api.predict(body);
  };
  const ahead = await ask('precomputed');
  const { source, view, computed_at, age_ms: ageMs } = ahead;
  line(JSON.stringify({ outputs: ahead.outputs, source, view, computed_at, age_ms: ageMs }));
  const live = await ask('live');
  line(JSON.stringify({ outputs: live.outputs }));
  const right =
    source === 'precomputed' && view === 'ad_scores@1' && typeof ahead.outputs['ctr'] === 'number';
  (right ? good : bad)(
    `computed ahead ${((ageMs ?? Number.NaN) / 1_000).toFixed(1)} s ago: ${shown(ahead)}; now: ${shown(live)}`,
  );
  return right ? [] : [`the precomputed prediction of ${adId} is ${JSON.stringify(ahead)}`];
}

function shown({ outputs }: PredictAnswer): string {
  return Number(outputs['ctr']).toFixed(4);
}
