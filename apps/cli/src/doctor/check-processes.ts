import { listProcesses, pendingMigrations, type LivingProcess } from '@larder/offline-store';
import { appliedId } from '@larder/registry';
import type { Session } from '../session.ts';
import { ok, warn, type Finding } from './check.ts';

/** Checks that somebody computes and answers. Silent before the first apply, and where another check tells why it cannot look. */
export async function checkProcesses(session: Session): Promise<Finding[]> {
  if (session.config.databaseUrl === null) return [];
  let processes: LivingProcess[];
  try {
    const { name } = await session.definitions();
    const store = await session.offlineStore();
    if ((await pendingMigrations(store)).length > 0 || (await appliedId(store, name)) === null) return [];
    processes = await listProcesses(store, name);
  } catch {
    return [];
  }
  const running = (role: LivingProcess['role'], verb: string, without: string): Finding => {
    const count = processes.filter((each) => each.role === role).length;
    return count > 0
      ? ok(role, `${count} running (larder ps)`)
      : warn(role, `none is running: ${without}`, `Start one: larder ${verb}`);
  };
  return [
    running('worker', 'worker', 'queued and scheduled runs wait'),
    running('inference', 'serve', 'nothing answers predictions'),
  ];
}
