import { z } from 'zod';
import type { Finding } from '../doctor/check.ts';
import { checkDisk, checkEnvFile, checkNode } from '../doctor/check-machine.ts';
import type { Output } from '../output/output.ts';
import { DONE, FAILED } from '../problem.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command.addHelpText(
      'after',
      `
Checks Node, disk, Redis and its policy, PostgreSQL and its migrations, the clocks of both (1 s
off is a warning, 60 s a failure), whether LARDER_RECEIPTS_URL can be written, the project, whether it is applied, every model's artifact with its
golden rows, every view's source with its query and its computation with its networks, and in a sample of
each view's history whether its rows are online. With LARDER_URL alone: this machine, whether the
service answers and accepts the key, its release and its clock. Exit code 1 when a check fails; warnings do
not count.

Example:
  larder doctor`,
    );
  },
  input: z.object({}),
  async run(session) {
    const { config, out } = session;
    const { client } = await session.control();
    const machine = [
      Promise.resolve([checkNode()]),
      checkDisk(config).then((finding) => [finding]),
      Promise.resolve(checkEnvFile(config)),
    ];
    const service =
      client === null ? [] : [import('../doctor/check-service.ts').then((each) => each.checkService(client))];
    // With a service alone, the stores are its business, and their libraries are not loaded.
    const onlyService = client !== null && config.databaseUrl === null;
    const stores = onlyService
      ? []
      : [import('../doctor/check-own-stores.ts').then((each) => each.checkOwnStores(session))];
    const groups = await Promise.all([...machine, ...service, ...stores]);
    const findings = groups.flat();
    const failed = findings.filter(({ status }) => status === 'fail').length;
    out.answer({ ok: failed === 0, checks: findings }, () => printFindings(findings, out));
    return failed > 0 ? FAILED : DONE;
  },
});

function printFindings(findings: readonly Finding[], out: Output): void {
  const { style } = out;
  const signs = { ok: style.green('ok  '), warn: style.yellow('warn'), fail: style.red('FAIL') } as const;
  const width = Math.max(...findings.map(({ check }) => check.length));
  for (const { status, check, detail, mend } of findings) {
    out.line(`${signs[status]}  ${check.padEnd(width)}  ${detail}`);
    if (mend !== null) out.line(`      ${' '.repeat(width)}  → ${mend}`);
  }
  const count = (wanted: Finding['status']) => findings.filter(({ status }) => status === wanted).length;
  out.line();
  out.line(`${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed`);
}
