import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { findProgram } from '@larder/infra';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { renderOverlay, type Manifest } from './render-overlay.ts';
import { manifestProblems } from './validate-manifest.ts';

const FOLDERS = resolve(import.meta.dirname, '../../infra/kubernetes');
const folderOf = (name: string) => join(FOLDERS, name === 'monitoring' ? name : `overlays/${name}`);
const overlay = (name: string) => renderOverlay(folderOf(name));
const byIdentity = (manifests: readonly Manifest[]) =>
  [...manifests].sort((one, other) => identity(one).localeCompare(identity(other)));
const identity = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`;

test.each(['small', 'large', 'monitoring'])(
  '%s: every field exists, has its type, and none is missing',
  (name) => {
    const manifests = overlay(name);
    expect(manifests.length).toBeGreaterThan(2);
    expect(
      manifests.flatMap((manifest) =>
        manifestProblems(manifest).map((problem) => `${identity(manifest)}: ${problem}`),
      ),
    ).toEqual([]);
    expect(new Set(manifests.map(identity)).size).toBe(manifests.length);
  },
);

/** What is wrong with a manifest of the overlay in which one field is set; undefined removes it. */
function changed(name: string, kind: string, path: string, value: unknown): string[] {
  const manifest = structuredClone(overlay(name).find((each) => each.kind === kind)) as Manifest;
  const fields = path.split('/').slice(1);
  const last = fields.pop() as string;
  let holder = manifest as Record<string, unknown>;
  for (const field of fields) holder = holder[field] as Record<string, unknown>;
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return manifestProblems(manifest);
}

test.each([
  ['Deployment', '/spec/template/spec/automountServiceAccountTokens', false],
  ['Deployment', '/spec/template/spec/containers/0/readinessProbe/timeoutSecond', 3],
  ['PodDisruptionBudget', '/spec/maxUnavailables', 1],
  ['NetworkPolicy', '/spec/policyType', ['Ingress']],
  ['ScaledObject', '/spec/minReplicas', 1],
  ['TriggerAuthentication', '/spec/secretTargetRefs', []],
])('a misspelt field of a %s is found: %s', (kind, path, value) => {
  expect(changed('large', kind, path, value)).toEqual([`${path} is not a field of ${kind}`]);
});

test.each([
  ['PodMonitor', '/spec/podMetricsEndpoints/0/intervals', '15s'],
  ['PodMonitor', '/spec/podMetricsEndpoints/0/authorization/credential', {}],
  ['PrometheusRule', '/spec/groups/0/rules/0/expression', 'up'],
])('a misspelt field of a %s is found: %s', (kind, path, value) => {
  expect(changed('monitoring', kind, path, value)).toEqual([`${path} is not a field of ${kind}`]);
});

test('a wrong type and a missing field are found', () => {
  expect(changed('small', 'Deployment', '/spec/replicas', '2')).toEqual([
    expect.stringMatching(/replicas must be integer/),
  ]);
  expect(changed('small', 'Deployment', '/spec/selector', undefined)).toEqual([
    expect.stringMatching(/required property selector/),
  ]);
});

const kubectl = findProgram('kubectl');

test.skipIf(kubectl === null).each(['small', 'large', 'monitoring'])(
  '%s is rendered as kubectl renders it',
  (name) => {
    const { status, stdout, stderr } = spawnSync(kubectl as string, ['kustomize', folderOf(name)], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const theirs = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
    expect(byIdentity(overlay(name))).toEqual(byIdentity(theirs));
  },
);
