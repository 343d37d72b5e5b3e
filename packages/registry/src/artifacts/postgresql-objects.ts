import { setTimeout as delay } from 'node:timers/promises';
import { LarderError } from '@larder/core';
import { limitSilence, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { tryLockObject, type NewObject, type ObjectBackend } from './object-backend.ts';
import { objectParts, PART_BYTES } from './object-parts.ts';
import { wholeObjects } from './whole-objects.ts';

/** A process that freezes in the middle of an upload loses its transaction after this time. */
const SILENCE_MS = 60_000;
const RETRY_MS = 100;

/**
 * Objects in PostgreSQL, in parts of 1 MiB: memory stays at about a part, whatever the size. An upload is one transaction
 * with the object's row, so that half an object is never visible and a killed upload leaves nothing.
 */
export function createPostgresqlObjects(store: OfflineStore): ObjectBackend {
  return {
    async write(object) {
      while (!(await tryToWrite(store, object))) await delay(RETRY_MS);
    },
    async *read({ sha256, sizeBytes }) {
      const parts = Math.ceil(sizeBytes / PART_BYTES);
      let next: Promise<Buffer> | undefined;
      for (let part = 0; part < parts; part++) {
        const bytes = await (next ?? readPart(store, sha256, part));
        // While the caller uses this part, the next is on its way.
        next = part + 1 < parts ? readPart(store, sha256, part + 1) : undefined;
        // It is awaited in the next turn, unless the caller stops before.
        next?.catch(() => {});
        yield bytes;
      }
    },
    // The parts are deleted together with the row.
    async deleteBytes() {},
  };
}

/** @returns false while another process stores the same object */
async function tryToWrite(store: OfflineStore, object: NewObject): Promise<boolean> {
  return store.transaction(async (tx) => {
    await limitSilence(tx, SILENCE_MS);
    if (!(await tryLockObject(tx, object.sha256))) return false;
    const { numInsertedOrUpdatedRows } = await tx.db
      .insertInto('larder.objects')
      .values({ sha256: object.sha256, size_bytes: object.sizeBytes, backend: 'postgresql' })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows === 0n) {
      await tx.db
        .updateTable('larder.objects')
        .set({ size_bytes: object.sizeBytes, backend: 'postgresql', touched_at: sql`clock_timestamp()` })
        .where('sha256', '=', object.sha256)
        .execute();
      // Stored by another process since the caller looked.
      if ((await wholeObjects(tx, [object.sha256])).has(object.sha256)) return true;
    }
    // Of a damaged object, or of a row that somebody deleted alone.
    await tx.db.deleteFrom('larder.object_parts').where('sha256', '=', object.sha256).execute();
    let part = 0;
    for await (const bytes of objectParts(object))
      await tx.client.query('insert into larder.object_parts (sha256, part, bytes) values ($1, $2, $3)', [
        object.sha256,
        part++,
        bytes,
      ]);
    return true;
  });
}

async function readPart({ pool }: OfflineStore, sha256: string, part: number): Promise<Buffer> {
  // Rows come as text; base64 is shorter than the driver's hex and decoded twice as fast.
  const { rows } = await pool.query<{ base64: string }>(
    `select encode(bytes, 'base64') as base64 from larder.object_parts where sha256 = $1 and part = $2`,
    [sha256, part],
  );
  const base64 = rows[0]?.base64;
  if (base64 === undefined)
    throw new LarderError('ARTIFACT_NOT_FOUND', `Part ${part} of object ${sha256} is not in PostgreSQL.`);
  return Buffer.from(base64, 'base64');
}
