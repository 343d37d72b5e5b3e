import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Every new column is nullable, so that the release before this one keeps writing the same table. */
export const fullerLog: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      alter table larder.predictions
        add column entity_keys text[],
        add column scalars real[],
        add column defaults_used text[],
        add column output double precision,
        add column features_us integer,
        add column on_demand_us integer,
        add column model_us integer`.execute(db);
    // Every entity of a prediction is found by it, and with its pending list it costs a write less than a btree or hash index of one.
    await sql`
      create index predictions_entity_keys on larder.predictions using gin (entity_keys)
        where entity_keys is not null`.execute(db);
  },
};
