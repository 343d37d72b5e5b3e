import { shellWord } from '@larder/core';
import { readyAnswerSchema } from '@larder/contracts';
import type { Config } from '../config.ts';
import { fail, finding, ok, warn, type Finding } from './check.ts';

const TIMEOUT_MS = 3_000;

/** Checks the readiness of the stack that runs here, if there is one. */
export async function checkStack({ stack }: Pick<Config, 'stack'>): Promise<Finding[]> {
  if (stack === null) return [];
  if (stack.addresses === null) return [ok('stack', `is starting (pid ${stack.pid})`)];
  const url = `${stack.addresses.inferenceUrl}/health/ready`;
  const mend = `Read the end of the logs: tail -n 20 ${shellWord(stack.logs)}/*.log`;
  return [
    await finding('stack', mend, async () => {
      const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      const body = await answer.text();
      if (!answer.ok) return fail('stack', `${url} says ${answer.status}: ${body}`, mend);
      const { degraded, checks } = readyAnswerSchema.parse(JSON.parse(body));
      if (!degraded) return ok('stack', `runs (pid ${stack.pid}) and is ready at ${url}`);
      const problems = checks.flatMap(({ name, detail }) =>
        detail === undefined ? [] : `${name}: ${detail}`,
      );
      return warn('stack', `runs (pid ${stack.pid}) degraded. ${problems.join(' ')}`, mend);
    }),
  ];
}
