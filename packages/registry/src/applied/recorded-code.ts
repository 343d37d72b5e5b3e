import type { CodeSources } from '@larder/features';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import type { FindSources } from './align-manifest.ts';
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

/** The sources that are stored of a subject's code. */
export function sourcesReader(artifacts: Pick<ArtifactStore, 'get'>, code: RecordedCode | null): FindSources {
  return (subject) => {
    const record = code?.[subject];
    if (record === undefined) return null;
    const { identity, sources_sha256: sha256 } = record;
    const read = async (): Promise<CodeSources | null> => {
      const bytes = await artifacts.get(sha256).catch(() => null);
      return bytes === null ? null : (JSON.parse(bytes.toString('utf8')) as CodeSources);
    };
    return { identity, sha256, read };
  };
}
