import type { Session } from '../session.ts';
import { checkClock } from './check-clock.ts';
import { checkCoverage } from './check-coverage.ts';
import { checkHistory } from './check-history.ts';
import { checkProcesses } from './check-processes.ts';
import { checkProject } from './check-project.ts';
import { checkReceipts } from './check-receipts.ts';
import { checkStack } from './check-stack.ts';
import { checkAudit, checkDatabase, checkRedis } from './check-stores.ts';
import type { Finding } from './check.ts';

/** Everything that takes the stores, or the stack of this machine that has them. */
export async function checkOwnStores(session: Session): Promise<Finding[]> {
  const groups = await Promise.all([
    checkStack(session.config),
    checkRedis(session),
    checkDatabase(session).then((found) => [found]),
    checkAudit(session),
    checkReceipts(session),
    checkClock(session),
    checkProcesses(session),
    checkProject(session),
    checkCoverage(session),
    checkHistory(session),
  ]);
  return groups.flat();
}
