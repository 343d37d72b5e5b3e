import type { Run } from '@larder/contracts';
import type { Stack } from '@larder/infra/stack';
import type { LarderApi } from './larder-api.ts';
import { larder } from './larder-command.ts';
import { line } from './terminal.ts';

const PATIENCE_MS = 60_000;

/** Shows the run of ad_scores that took what these runs landed, together with them. @returns what was wrong */
export async function showChain(api: LarderApi, stack: Stack, parents: readonly string[]): Promise<string[]> {
  const landed = (await Promise.all(parents.map((id) => api.run(id)))).filter(({ rows }) => rows.done > 0);
  const [first] = landed;
  if (first === undefined) {
    line('  Nothing was new: the scores wait for their own hour.');
    return [];
  }
  const run = await chained(api, first.created_at);
  if (run === undefined) return ['the scores did not follow what ad_image and ad_text landed'];
  const shown = larder(stack, 'runs', run.run_id, '--graph');
  const views = ['ad_scores', ...landed.map(({ view }) => view)];
  return shown.status === 0 && views.every((view) => shown.stdout.includes(`${view}@1`))
    ? []
    : [`larder runs ${run.run_id} --graph does not show ${views.join(', ')}`];
}

/** The run of the chain that began since then, when it has ended. */
async function chained(api: LarderApi, since: string): Promise<Run | undefined> {
  const startedMs = performance.now();
  for (;;) {
    const run = (await api.runs('ad_scores')).find(
      ({ trigger, created_at: at }) => trigger === 'chain' && at >= since,
    );
    if (run !== undefined && run.finished_at !== null) return run;
    if (performance.now() - startedMs > PATIENCE_MS) return undefined;
    await new Promise((done) => setTimeout(done, 200));
  }
}
