import type { SourceManifest } from '@larder/features';
import { connectionVariable } from './connection-variable.ts';
import { SOURCE_KINDS } from './source-kinds.ts';

/** The command that sets the address of a source's connection, with an example; null for a source without one. */
export function connectionSetting({ kind, connection }: SourceManifest): string | null {
  const exampleUrl = SOURCE_KINDS.get(kind)?.exampleUrl ?? null;
  return connection === undefined || exampleUrl === null
    ? null
    : `export ${connectionVariable(connection)}=${exampleUrl}`;
}
