import type { ManifestAnswer } from '@larder/contracts';
import { isLarderError, LARDER_VERSION } from '@larder/core';
import type { ServiceClient } from '../control/remote/service-client.ts';
import { fail, ok, warn, type Finding } from './check.ts';

/** A clock that is off by more makes instants of this machine mean something else there. */
const MAX_SKEW_MS = 5_000;

/** Whether the service answers, takes the key, has this release, and agrees about the time. */
export async function checkService(client: ServiceClient): Promise<Finding[]> {
  const live = await attempt(() => client.send<object>('GET', '/health/live'));
  if (live.error !== null) return [fail('service', live.error, 'Check LARDER_URL.')];
  const findings = [ok('service', `${client.url} answers`), clockOf(live.value.headers)];
  const asked = await attempt(() => client.get<ManifestAnswer>('/v1/manifest', { members: ['project'] }));
  if (asked.error !== null)
    return [...findings, fail('api key', asked.error, 'Set LARDER_API_KEY to a key with registry:read.')];
  const { project, larder_version: version, applied } = asked.value;
  return [
    ...findings,
    ok('api key', `accepted for project ${project}`),
    version === LARDER_VERSION
      ? ok('release', `${version}, as this command line`)
      : warn('release', `${version}; this command line is ${LARDER_VERSION}`, 'Use the same release.'),
    applied === null
      ? warn('applied', 'nothing is applied yet', 'larder apply')
      : ok('applied', `manifest ${applied.manifest_id}, at ${applied.applied_at}`),
  ];
}

type Attempt<T> = { readonly value: T; readonly error: null } | { readonly error: string };

async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work(), error: null };
  } catch (error) {
    if (isLarderError(error)) return { error: `${error.code}: ${error.message.replaceAll('\n', ' ')}` };
    throw error;
  }
}

function clockOf(headers: Headers): Finding {
  const there = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(there)) return ok('clock', 'the service does not say its time');
  const skewMs = Math.abs(Date.now() - there);
  return skewMs <= MAX_SKEW_MS
    ? ok('clock', 'agrees with the service')
    : warn(
        'clock',
        `${Math.round(skewMs / 1_000)} s off that of the service`,
        'Set the clock of this machine.',
      );
}
