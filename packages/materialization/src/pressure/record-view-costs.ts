import { sql } from 'kysely';
import type { RunStore } from '../runs/run-store.ts';

/** Work that a process did for one view version. */
interface Measured {
  readonly view: string;
  readonly version: number;
  rows: number;
  slotSeconds: number;
}

/** Collects what chunks cost until it is written. */
export interface ViewCosts {
  add(view: Pick<Measured, 'view' | 'version'>, rows: number, slotSeconds: number): void;
  /** Writes what was added since; what cannot be written waits for the next time. */
  write(): Promise<void>;
}

/** After this much work the earlier measurements count half: a view that becomes slower shows within minutes. */
const HALF_AFTER_SECONDS = 120;

/** Keeps `larder.view_costs`, one statement for all chunks since the last one. */
export function createViewCosts(store: RunStore, project: string): ViewCosts {
  let measured = new Map<string, Measured>();

  function add({ view, version }: Pick<Measured, 'view' | 'version'>, rows: number, slotSeconds: number) {
    const ref = `${view}@${version}`;
    const sums = measured.get(ref) ?? { view, version, rows: 0, slotSeconds: 0 };
    sums.rows += rows;
    sums.slotSeconds += slotSeconds;
    measured.set(ref, sums);
  }

  return {
    add,
    async write() {
      // In the order of the key: two processes must not wait for each other.
      const sums = [...measured.values()].toSorted(byKey);
      if (sums.length === 0) return;
      measured = new Map();
      const kept = sql`power(0.5, least(excluded.slot_seconds / ${HALF_AFTER_SECONDS}::double precision, 60))`;
      try {
        await sql`
          insert into larder.view_costs as c (project, view, version, rows, slot_seconds)
          select ${project}::text, * from unnest(
            ${sums.map(({ view }) => view)}::text[], ${sums.map(({ version }) => version)}::integer[],
            ${sums.map(({ rows }) => rows)}::double precision[],
            ${sums.map(({ slotSeconds }) => slotSeconds)}::double precision[])
          on conflict (project, view, version) do update set
            rows = c.rows * ${kept} + excluded.rows,
            slot_seconds = c.slot_seconds * ${kept} + excluded.slot_seconds,
            measured_at = now()`.execute(store.db);
      } catch (error) {
        for (const each of sums) add(each, each.rows, each.slotSeconds);
        throw error;
      }
    },
  };
}

function byKey(one: Measured, other: Measured): number {
  if (one.view === other.view) return one.version - other.version;
  return one.view < other.view ? -1 : 1;
}
