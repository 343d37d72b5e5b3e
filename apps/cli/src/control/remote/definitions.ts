import type { ManifestAnswer } from '@larder/contracts';
import { LarderError } from '@larder/core';
import type { Manifest } from '@larder/features';
import type { Control } from '../control.ts';
import type { ServiceClient } from './service-client.ts';

/** What the service has applied, asked once per command. @param named the project that `--project-name` names */
export function remoteDefinitions(
  client: ServiceClient,
  named: string | null,
): Pick<Control, 'project' | 'manifest'> {
  let asked: Promise<ManifestAnswer> | null = null;
  const answer = () => (asked ??= ask());
  return {
    project: async () => (await answer()).project,
    manifest: async () => {
      const { applied, loaded } = await answer();
      return (applied?.manifest ?? loaded) as unknown as Manifest;
    },
  };

  async function ask(): Promise<ManifestAnswer> {
    const given = await client.get<ManifestAnswer>('/v1/manifest', {
      members: ['project', 'applied', 'loaded'],
    });
    if (named === null || named === given.project) return given;
    throw new LarderError(
      'PROJECT_NOT_FOUND',
      `${client.url} serves the project ${given.project}, not ${named}.`,
    );
  }
}
