import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import { columnBatch, type ColumnBatch } from './column-batch.ts';
import { duckdbError, INTERRUPTED } from './duckdb-errors.ts';
import { textLiteral } from './sql-text.ts';

export interface DuckdbOptions {
  /** Limit of DuckDB's own memory; what exceeds it goes to disk. @default 512 */
  readonly memoryLimitMb?: number;
  /** @default 2 */
  readonly threads?: number;
  /** Where a folder for intermediate data is created, and removed by `close`. @default the system's */
  readonly tempFolder?: string;
  /** The folders whose files may be read and written; no others can, whatever the SQL says. @default none */
  readonly folders?: readonly string[];
  /** Interrupts what runs; the query rejects with the reason. */
  readonly signal?: AbortSignal;
}

export type DuckdbParameters = DuckDBValue[] | Record<string, DuckDBValue>;

/** One in-memory database. Queries on one connection run one after another. */
export interface Duckdb {
  readonly connection: DuckDBConnection;
  /** A folder of this database alone, which may be read and written and which `close` removes. */
  readonly folder: string;
  /** Runs statements; several are separated by semicolons when there are no parameters. */
  run(sql: string, options?: QueryOptions): Promise<void>;
  /** All rows as objects; bigint columns are `bigint`, timestamps are `Date`. */
  all<Row>(sql: string, options?: QueryOptions): Promise<Row[]>;
  /** Rows in groups of about 2,000, in constant memory. Writes meanwhile need a connection of their own: `connect`. */
  rows<Row>(sql: string, options?: QueryOptions): AsyncGenerator<Row[]>;
  /**
   * The same by columns, without an object per row. The next group is read while the caller works on one; a group is
   * empty only at the end.
   */
  columns(sql: string, options?: QueryOptions): AsyncGenerator<ColumnBatch>;
  /** Another connection to the same tables; `close` closes it. */
  connect(): Promise<Omit<Duckdb, 'close' | 'folder'>>;
  /** Interrupts what runs, waits for its end, frees the memory and removes the intermediate data. */
  close(): Promise<void>;
}

export interface QueryOptions {
  readonly values?: DuckdbParameters;
  /** What is being done, for the error message: `Reading spine.csv`. */
  readonly what?: string;
}

const DEFAULT_MEMORY_MB = 512;
/** Freed memory goes back to the system soon: DuckDB's allocator keeps half a gigabyte of it by default. */
const MEMORY_RETURN = {
  allocator_background_threads: 'true',
  allocator_flush_threshold: '8MB',
  allocator_bulk_deallocation_flush_threshold: '32MB',
} as const;
const INTERRUPT_AGAIN_MS = 20;

/**
 * Opens DuckDB so that a hostile file or value can do no more than fail its query: files outside `folders` cannot be
 * opened, extensions are neither downloaded nor loaded, and no statement can change that. DuckDB is loaded by the first
 * call.
 */
export async function openDuckdb(options: DuckdbOptions = {}): Promise<Duckdb> {
  const { DuckDBInstance: Instance } = await import('@duckdb/node-api');
  options.signal?.throwIfAborted();
  const folder = createFolder(options.tempFolder ?? tmpdir());
  let instance: DuckDBInstance | undefined;
  try {
    instance = await Instance.create(':memory:', {
      memory_limit: `${options.memoryLimitMb ?? DEFAULT_MEMORY_MB}MB`,
      threads: `${options.threads ?? 2}`,
      temp_directory: join(folder, 'spill'),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      preserve_insertion_order: 'false',
      ...MEMORY_RETURN,
    });
    const folders = [folder, ...(options.folders ?? [])].map((each) => `${realpathSync(each)}/`);
    const first = await instance.connect();
    await first.run(`set allowed_directories = [${folders.map(textLiteral).join(', ')}];
      set global timezone = 'UTC'; set enable_external_access = false; set lock_configuration = true`);
    return database(instance, first, { folder, signal: options.signal });
  } catch (error) {
    instance?.closeSync();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function database(
  instance: DuckDBInstance,
  first: DuckDBConnection,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal | undefined },
): Duckdb {
  const connections = [first];
  const running = new Set<Promise<unknown>>();
  let repeat: NodeJS.Timeout | undefined;
  /** An interrupt is lost when the query has not started to run: repeats it until nothing runs. */
  const interrupt = (): void => {
    clearTimeout(repeat);
    if (running.size === 0) return;
    for (const each of connections) each.interrupt();
    repeat = setTimeout(interrupt, INTERRUPT_AGAIN_MS);
  };
  signal?.addEventListener('abort', interrupt);

  async function guarded<T>(work: () => Promise<T>, what: string | undefined): Promise<T> {
    signal?.throwIfAborted();
    const promise = work();
    running.add(promise);
    try {
      return await promise;
    } catch (error) {
      if (signal?.aborted === true && error instanceof Error && INTERRUPTED.test(error.message))
        throw signal.reason;
      throw duckdbError(error, what ?? 'A query of DuckDB');
    } finally {
      running.delete(promise);
    }
  }

  const over = (connection: DuckDBConnection): Omit<Duckdb, 'close' | 'folder'> => ({
    connection,
    async run(sql, { values, what } = {}) {
      await guarded(() => connection.run(sql, values), what);
    },
    async all<Row>(sql: string, { values, what }: QueryOptions = {}) {
      const reader = await guarded(() => connection.runAndReadAll(sql, values), what);
      return reader.getRowObjectsJS() as Row[];
    },
    async *rows<Row>(sql: string, { values, what }: QueryOptions = {}) {
      const result = await guarded(() => connection.stream(sql, values), what);
      const groups = result.yieldRowObjectJs();
      for (;;) {
        const { done, value } = await guarded(() => groups.next(), what);
        if (done === true) return;
        yield value as Row[];
      }
    },
    async *columns(sql: string, { values, what }: QueryOptions = {}) {
      const { default: native } = await import('@duckdb/node-bindings');
      const result = await guarded(() => connection.stream(sql, values), what);
      const fetch = (): ReturnType<typeof result.fetchChunk> => {
        const chunk = guarded(() => result.fetchChunk(), what);
        // Nobody awaits it when the caller stops.
        chunk.catch(() => {});
        return chunk;
      };
      let next = fetch();
      for (;;) {
        const chunk = await next;
        if (chunk === null || chunk.rowCount === 0) return;
        next = fetch();
        yield columnBatch(chunk, native);
      }
    },
    async connect() {
      const another = await instance.connect();
      connections.push(another);
      return over(another);
    },
  });

  return {
    ...over(first),
    folder,
    async close() {
      signal?.removeEventListener('abort', interrupt);
      interrupt();
      await Promise.allSettled(running);
      clearTimeout(repeat);
      for (const each of connections.splice(0)) each.disconnectSync();
      instance.closeSync();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Also removes what processes of this host left behind that were killed. */
function createFolder(parent: string): string {
  mkdirSync(parent, { recursive: true });
  const host = `larder-duckdb-${hostname().replaceAll(/[^\w.-]/g, '_')}-`;
  for (const name of readdirSync(parent)) {
    const pid = name.startsWith(host) ? /^(\d+)-/.exec(name.slice(host.length))?.[1] : undefined;
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
  return realpathSync(mkdtempSync(join(parent, `${host}${process.pid}-`)));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
