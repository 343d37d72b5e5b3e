import { sql, type RawBuilder } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import type { ComputableView, LoadedModel, ProcessRole } from '../tables/processes.table.ts';
import { IS_LIVING } from './living.ts';

export interface LivingProcess {
  readonly processId: string;
  readonly role: ProcessRole;
  readonly host: string;
  readonly pid: number;
  readonly larderVersion: string;
  /** View versions that it can compute. */
  readonly views: readonly ComputableView[];
  /** Models that it serves. */
  readonly models: readonly LoadedModel[];
  readonly slots: number | null;
  readonly startedAt: Date;
  readonly heartbeatAt: Date;
  readonly logDropped: number;
  /** When it last dropped an entry of the prediction log; null: never. */
  readonly logDroppedAt: Date | null;
  /** Uptime, by PostgreSQL's clock. */
  readonly upMs: number;
  /** Time since its last heartbeat, by PostgreSQL's clock. */
  readonly silentMs: number;
}

type Store = Pick<OfflineStore, 'db'>;

/** Lists every live process of the project, workers first, then oldest first. */
export function listProcesses(store: Store, project: string): Promise<LivingProcess[]> {
  return select(store, project, sql<boolean>`true`);
}

/** Lists processes that can compute this view version, with any code: empty means that its runs wait. */
export function workersOf(
  store: Store,
  project: string,
  view: Omit<ComputableView, 'fingerprint'>,
): Promise<LivingProcess[]> {
  const { view: name, version } = view;
  return select(store, project, sql<boolean>`p.views @> ${JSON.stringify([{ view: name, version }])}::jsonb`);
}

/** Lists processes with models that read this view version, such as `ad_image@1`. */
export function readersOf(store: Store, project: string, ref: string): Promise<LivingProcess[]> {
  return select(store, project, sql<boolean>`p.models @> ${JSON.stringify([{ reads: [ref] }])}::jsonb`);
}

/** Lists processes with a model that is not ready: empty means that every process is warm. */
export function coldProcesses(store: Store, project: string): Promise<LivingProcess[]> {
  return select(store, project, sql<boolean>`p.models @> '[{"ready": false}]'`);
}

async function select(
  store: Store,
  project: string,
  condition: RawBuilder<boolean>,
): Promise<LivingProcess[]> {
  const { rows } = await sql<LivingProcess>`
    select process_id as "processId", role, host, pid, larder_version as "larderVersion", views, models, slots,
      log_dropped as "logDropped", log_dropped_at as "logDroppedAt", started_at as "startedAt", heartbeat_at as "heartbeatAt",
      (extract(epoch from now() - started_at) * 1000)::double precision as "upMs",
      (extract(epoch from now() - heartbeat_at) * 1000)::double precision as "silentMs"
    from larder.processes p
    where project = ${project} and ${IS_LIVING} and ${condition}
    order by role desc, started_at, process_id`.execute(store.db);
  return rows;
}
