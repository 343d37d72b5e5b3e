import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderOverlay, type Manifest } from './render-overlay.ts';

const INFRA = resolve(import.meta.dirname, '../../infra');
const MONITORING = renderOverlay(join(INFRA, 'kubernetes/monitoring'));
const RULES = globSync(join(INFRA, 'prometheus/*.rules.yml')).map((file) => readFileSync(file, 'utf8'));

interface PodMonitor extends Manifest {
  readonly spec: {
    readonly selector: { readonly matchLabels: object };
    readonly podMetricsEndpoints: readonly {
      readonly port: string;
      readonly relabelings: readonly { readonly targetLabel: string; readonly replacement: string }[];
    }[];
  };
}

interface Deployment extends Manifest {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly containers: readonly { readonly ports: readonly { readonly name: string }[] }[];
      };
    };
  };
}

const monitors = MONITORING.filter(({ kind }) => kind === 'PodMonitor') as PodMonitor[];

test('a Prometheus of the operator has the rules of infra/prometheus, and no other', () => {
  const [rule] = MONITORING.filter(({ kind }) => kind === 'PrometheusRule') as (Manifest & {
    readonly spec: { readonly groups: readonly { readonly name: string }[] };
  })[];
  const groups = RULES.flatMap((text) => (parse(text) as { groups: { name: string }[] }).groups);
  const byName = (all: readonly { readonly name: string }[]) =>
    Object.fromEntries(all.map((group) => [group.name, group]));
  expect(rule?.spec.groups.length).toBe(groups.length);
  expect(byName(rule?.spec.groups ?? [])).toEqual(byName(groups));
});

test.each(['small', 'large'])(
  'every pod of %s that exports metrics is scraped, at a port that it has',
  (overlay) => {
    const manifests = renderOverlay(join(INFRA, 'kubernetes/overlays', overlay));
    const deployments = manifests.filter(({ kind }) => kind === 'Deployment') as Deployment[];
    const scraped = monitors.map(({ metadata, spec: { selector, podMetricsEndpoints } }) => {
      const pods = deployments.filter(({ spec }) =>
        matches(spec.template.metadata.labels, selector.matchLabels),
      );
      expect(pods.length).toBe(1);
      const ports = pods[0]?.spec.template.spec.containers.flatMap((each) =>
        each.ports.map(({ name }) => name),
      );
      expect(ports).toEqual(podMetricsEndpoints.map(({ port }) => port));
      expect(metadata.namespace).toBe(pods[0]?.metadata.namespace);
      return pods[0]?.metadata.name ?? 'none';
    });
    expect(scraped.toSorted()).toEqual(deployments.map(({ metadata }) => metadata.name).toSorted());
  },
);

test('the jobs are called as the rules ask for them', () => {
  const jobs = monitors.flatMap(({ spec }) =>
    spec.podMetricsEndpoints.flatMap(({ relabelings }) =>
      relabelings.map(({ targetLabel, replacement }) => `${targetLabel}=${replacement}`),
    ),
  );
  expect(jobs.toSorted()).toEqual(['job=larder-inference', 'job=larder-worker']);
  const asked = RULES.flatMap((text) =>
    [...text.matchAll(/job!?=\\"([\w-]+)\\"/g)].map(([, job]) => `job=${job}`),
  );
  expect(asked.length).toBeGreaterThan(0);
  expect(jobs).toEqual(expect.arrayContaining(asked));
});

function matches(labels: object, selector: object): boolean {
  const has = new Map(Object.entries(labels));
  return Object.entries(selector).every(([name, value]) => has.get(name) === value);
}
