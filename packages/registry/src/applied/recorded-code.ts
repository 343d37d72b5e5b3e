import type { CodeSources } from '@larder/features';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import type { ReadSources } from './align-manifest.ts';
import type { RegistryStore } from '../registry-store.ts';

/** What the artifact store has of one definition's code. */
export interface CodeRecord {
  readonly identity: string;
  readonly sources_sha256: string;
}

/** By subject: `view ad_text@1`, `on-demand view moment`. */
export type RecordedCode = Readonly<Record<string, CodeRecord>>;

/** The code that was on record with an applied manifest; null: applied by a release that stored none. */
export async function readRecordedCode(
  store: RegistryStore,
  manifestId: number,
): Promise<RecordedCode | null> {
  const row = await store.db
    .selectFrom('larder.manifests')
    .select('code')
    .where('id', '=', manifestId)
    .executeTakeFirst();
  return (row?.code ?? null) as RecordedCode | null;
}

/** Reads the sources that are stored of a subject's code; those that the artifact store lost are as if never stored. */
export function sourcesReader(artifacts: ArtifactStore, code: RecordedCode | null): ReadSources {
  return async (subject) => {
    const record = code?.[subject];
    if (record === undefined) return null;
    const bytes = await artifacts.get(record.sources_sha256).catch(() => null);
    return bytes === null ? null : (JSON.parse(bytes.toString('utf8')) as CodeSources);
  };
}
