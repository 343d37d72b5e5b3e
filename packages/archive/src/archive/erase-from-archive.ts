import { entityKey, type EntityManifest, type FieldValue } from '@larder/features';
import { projectKeyHasher, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { openDuckdb, type Duckdb } from '../duckdb/open-duckdb.ts';
import { quotedName, textLiteral } from '../duckdb/sql-text.ts';
import { completeFiles, registeredFiles } from './archive-files.ts';
import { findArchive, type Archive } from './archive-folder.ts';
import { withLock, type ArchivedView } from './archive-locks.ts';
import { fileOrder } from './archive-columns.ts';
import { readPosition } from './read-position.ts';
import { replaceFiles } from './replace-files.ts';
import { filesRelation } from './stage-files.ts';

export type ArchivedKey = Readonly<Record<string, FieldValue>>;

export interface ArchiveErasure {
  readonly project: string;
  readonly entity: EntityManifest;
  readonly key: ArchivedKey;
  readonly signal?: AbortSignal | undefined;
}

export interface ErasedFromArchive {
  readonly rows: number;
  /** Files that were written again without the key. */
  readonly files: number;
  /**
   * Archives that this process cannot reach, by the host and folder where they were created. The next `larder archive`
   * there erases every key that has a tombstone.
   */
  readonly unreachable: readonly { readonly host: string; readonly folder: string }[];
}

/**
 * Erases a key from every archive of the project, once its tombstone is set and its rows are gone from history; waits for
 * a process that is archiving. Each file is replaced as a whole.
 */
export async function eraseFromArchive(
  store: OfflineStore,
  erasure: ArchiveErasure,
): Promise<ErasedFromArchive> {
  const { project, entity, key, signal } = erasure;
  const known = await store.db
    .selectFrom('larder.archives')
    .select(['archive_id', 'host', 'folder'])
    .where('project', '=', project)
    .execute();
  const unreachable: { host: string; folder: string }[] = [];
  let [rows, files] = [0, 0];
  for (const { archive_id: archiveId, host, folder } of known) {
    const archive = await findArchive(store, dirOf(folder), project).catch(() => null);
    if (archive?.archiveId !== archiveId) {
      unreachable.push({ host, folder });
      continue;
    }
    const duckdb = await openDuckdb({ folders: [archive.folder], ...(signal && { signal }) });
    try {
      for (const target of await viewsOf(store, archiveId, entity.name)) {
        const erased = await withLock(store, target, { lock: 'writing', signal }, async () => {
          await completeFiles(store, archive, target);
          return eraseKeys(store, { duckdb, archive, target, entity, keys: [key], signal });
        });
        rows += erased.rows;
        files += erased.files;
      }
    } finally {
      await duckdb.close();
    }
  }
  return { rows, files, unreachable };
}

/** `<dir>/<project>`. */
const dirOf = (folder: string): string => folder.slice(0, Math.max(1, folder.lastIndexOf('/')));

async function viewsOf(store: OfflineStore, archiveId: string, entity: string): Promise<ArchivedView[]> {
  const rows = await store.db
    .selectFrom('larder.archive_views')
    .select(['view', 'version'])
    .where('archive_id', '=', archiveId)
    .where('entity', '=', entity)
    .execute();
  return rows.map(({ view, version }) => ({ archiveId, view, version }));
}

interface KeysToErase {
  readonly duckdb: Duckdb;
  readonly archive: Archive;
  readonly target: ArchivedView;
  readonly entity: EntityManifest;
  readonly keys: readonly ArchivedKey[];
  readonly signal?: AbortSignal | undefined;
}

/** Only with the lock `writing`. */
async function eraseKeys(
  store: OfflineStore,
  { duckdb, archive, target, entity, keys, signal }: KeysToErase,
): Promise<{ readonly rows: number; readonly files: number }> {
  const files = await registeredFiles(store, target);
  if (files.length === 0) return { rows: 0, files: 0 };
  const held = keys.map((key) => `(${keyCondition(entity, key)})`).join(' or ');
  const relation = filesRelation(
    archive,
    files.map(({ path }) => path),
    { withName: true },
  );
  const found = await duckdb.all<{ filename: string; rows: bigint }>(
    `select filename, count(*) as rows from ${relation} where ${held} group by filename`,
  );
  if (found.length === 0) return { rows: 0, files: 0 };
  const affected = files.filter(({ path }) => found.some(({ filename }) => filename.endsWith(`/${path}`)));
  await replaceFiles(
    store,
    { duckdb, archive, target, order: fileOrder(entity), signal },
    {
      replaced: affected.map((file) => ({ files: [file], where: `not (${held})` })),
      whenRead: 'wait',
    },
  );
  return { rows: found.reduce((sum, { rows }) => sum + Number(rows), 0), files: affected.length };
}

/** Tombstones are committed in another order than their times, by as much. */
const OVERLAP = sql.lit('1 hour');
const MAX_KEYS = 500;

/**
 * Erases keys that were erased while this archive could not be reached, or from rows that were read before. Only with the
 * lock `writing`.
 */
export async function eraseTombstoned(
  store: OfflineStore,
  { project, ...erased }: Omit<KeysToErase, 'keys'> & { readonly project: string },
): Promise<void> {
  const { duckdb, archive, target, entity } = erased;
  const position = await readPosition(store, target);
  if (position === null) return;
  const { rows: tombstones } = await sql<{ hash: string; erasedAt: Date }>`
    select encode(key_hash, 'hex') as hash, erased_at as "erasedAt" from larder.tombstones
    where project = ${project} and entity = ${entity.name}
      and erased_at > coalesce(${position.erasedUntil}::timestamptz, '-infinity') - interval ${OVERLAP}`.execute(
    store.db,
  );
  const files = await registeredFiles(store, target);
  if (tombstones.length === 0 || files.length === 0) return;
  const hashes = new Set(tombstones.map(({ hash }) => hash));
  const hashOf = await projectKeyHasher(store, project);
  const names = entity.join_keys.map((key) => quotedName(key.name)).join(', ');
  const relation = filesRelation(
    archive,
    files.map(({ path }) => path),
  );
  const keys: ArchivedKey[] = [];
  for await (const group of duckdb.rows<Record<string, FieldValue>>(
    `select distinct ${names} from ${relation}`,
  ))
    for (const row of group) {
      const key = Object.fromEntries(
        entity.join_keys.map(({ name, safe }) => [
          name,
          safe === true ? Number(row[name]) : (row[name] as FieldValue),
        ]),
      );
      if (hashes.has(hashOf(entity.name, entityKey(entity, key)).toString('hex'))) keys.push(key);
    }
  for (let start = 0; start < keys.length; start += MAX_KEYS)
    await eraseKeys(store, { ...erased, keys: keys.slice(start, start + MAX_KEYS) });
  const until = tombstones.reduce(
    (latest, { erasedAt }) => (erasedAt > latest ? erasedAt : latest),
    new Date(0),
  );
  await store.db
    .updateTable('larder.archive_views')
    .set({ erased_until: sql`greatest(erased_until, ${until})` })
    .where('archive_id', '=', target.archiveId)
    .where('view', '=', target.view)
    .where('version', '=', target.version)
    .execute();
}

/** DuckDB's condition for the rows of a key. */
function keyCondition(entity: EntityManifest, key: ArchivedKey): string {
  return entity.join_keys.map(({ name }) => `${quotedName(name)} = ${literal(key[name])}`).join(' and ');
}

function literal(value: FieldValue | undefined): string {
  if (value instanceof Date) return `make_timestamptz(${BigInt(value.getTime()) * 1_000n})`;
  if (typeof value === 'string') return textLiteral(value);
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean') return `${value}`;
  throw new Error('A join key is missing.');
}
