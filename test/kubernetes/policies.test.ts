import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EXIT_DEADLINE_MS as SERVE_EXIT_MS, readConfig } from '@larder/inference';
import { EXIT_DEADLINE_MS as WORKER_EXIT_MS } from '@larder/worker';
import { expect, describe, test } from 'vitest';
import { settingsProblems } from '../images/settings-problems.ts';
import { renderOverlay, type Manifest } from './render-overlay.ts';

const INFRA = resolve(import.meta.dirname, '../../infra');

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold: number;
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly resources: { readonly requests: Resources; readonly limits: Resources };
  readonly securityContext: object;
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
}

interface Resources {
  readonly cpu?: string;
  readonly memory: string;
}

interface Pod {
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: object;
  readonly topologySpreadConstraints: readonly {
    readonly topologyKey: string;
    readonly labelSelector: { readonly matchLabels: object };
  }[];
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[];
}

interface Workload extends Manifest {
  readonly spec: {
    readonly replicas?: number;
    readonly minReadySeconds: number;
    readonly strategy: object;
    readonly selector: { readonly matchLabels: object };
    readonly template: { readonly metadata: { readonly labels: object }; readonly spec: Pod };
  };
}

const KINDS_WITH_PODS = new Set(['Deployment', 'Job', 'StatefulSet', 'CronJob', 'DaemonSet']);

describe.each(['small', 'large'])('%s', (overlay) => {
  const manifests = renderOverlay(join(INFRA, 'kubernetes/overlays', overlay));
  const workloads = manifests.filter(({ kind }) => KINDS_WITH_PODS.has(kind)) as Workload[];
  const deployments = workloads.filter(({ kind }) => kind === 'Deployment');
  const of = <Kind extends Manifest>(kind: string) =>
    manifests.filter((each) => each.kind === kind) as Kind[];
  const containersOf = ({ spec: { template } }: Workload) => [
    ...(template.spec.initContainers ?? []),
    ...template.spec.containers,
  ];

  test('has a service, workers, and what applies the definitions', () => {
    expect(workloads.map(({ metadata }) => metadata.name).sort()).toEqual([
      'larder-apply',
      'larder-serve',
      'larder-worker',
    ]);
  });

  test('everything is in one namespace, which refuses pods that ask for more rights', () => {
    const [namespace] = of('Namespace');
    expect(namespace?.metadata.labels).toEqual({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    const places = manifests
      .filter(({ kind }) => kind !== 'Namespace')
      .map(({ metadata }) => metadata.namespace);
    expect(new Set(places)).toEqual(new Set([namespace?.metadata.name]));
  });

  test('no pod runs as root, can become more than it is, writes to its image or knows the cluster', () => {
    for (const workload of workloads) {
      const { spec } = workload.spec.template;
      expect(spec.automountServiceAccountToken).toBe(false);
      expect(spec.securityContext).toEqual({
        runAsNonRoot: true,
        runAsUser: 10_001,
        runAsGroup: 10_001,
        fsGroup: 10_001,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const { securityContext } of containersOf(workload))
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
    }
  });

  test('the two folders that the image writes to are volumes', () => {
    for (const workload of workloads)
      for (const { volumeMounts } of containersOf(workload)) {
        const writable = volumeMounts.filter(({ readOnly }) => readOnly !== true);
        expect(writable.map(({ mountPath }) => mountPath)).toEqual(
          expect.arrayContaining(['/tmp', '/var/cache/larder']),
        );
      }
    const containerfile = readFileSync(join(INFRA, 'images/Containerfile'), 'utf8');
    expect(containerfile).toContain('LARDER_CACHE_FOLDER=/var/cache/larder');
    expect(containerfile).toContain('USER 10001:10001');
    // it listens beyond its machine, so it asks for keys unless it is told otherwise
    expect(containerfile).toMatch(/LARDER_HOST=0\.0\.0\.0 .*\n +LARDER_AUTH=keys /);
  });

  test('images are named by digest, and are one image', () => {
    const images = workloads.flatMap((workload) => containersOf(workload).map(({ image }) => image));
    for (const image of images) expect(image).toMatch(/@sha256:[0-9a-f]{64}$/);
    expect(new Set(images).size).toBe(1);
  });

  test('memory is guaranteed, and CPU is not limited', () => {
    for (const workload of workloads)
      for (const { resources } of containersOf(workload)) {
        expect(resources.limits).toEqual({ memory: resources.requests.memory });
        expect(resources.requests.cpu).toBeDefined();
      }
  });

  test('every setting exists and is valid, and no Service can add one', () => {
    for (const workload of workloads) {
      expect(workload.spec.template.spec.enableServiceLinks).toBe(false);
      for (const { env, ports } of containersOf(workload)) {
        // whoever listens asks for keys
        expect(env.some(({ name, value }) => name === 'LARDER_AUTH' && value === 'keys')).toBe(
          ports !== undefined,
        );
        const settings = Object.fromEntries(env.map((each) => [each.name, each.value]));
        expect(Object.keys(settings).length).toBe(env.length);
        expect(settingsProblems(settings)).toEqual([]);
      }
    }
  });

  test('passwords are files of a secret, never variables', () => {
    for (const workload of workloads) {
      const { volumes } = workload.spec.template.spec;
      for (const { env, volumeMounts } of containersOf(workload)) {
        expect(JSON.stringify(env)).not.toMatch(/secretKeyRef|:\/\//);
        const files = env.filter((each) => each.name.endsWith('_FILE')).map(({ value }) => value);
        expect(files).not.toEqual([]);
        for (const file of files) {
          const mounted = volumeMounts.find(({ mountPath }) => file.startsWith(`${mountPath}/`));
          expect(mounted?.readOnly).toBe(true);
          expect(volumes.find((each) => each.name === mounted?.name)?.secret).toBeDefined();
        }
      }
    }
  });

  test('probes ask only whether the process runs, and whether it can answer something', () => {
    for (const { spec } of deployments)
      for (const { ports = [], startupProbe, readinessProbe, livenessProbe } of spec.template.spec
        .containers) {
        const at = (path: string) => ({ httpGet: { path, port: ports[0]?.name } });
        expect(startupProbe).toEqual({ ...at('/health/live'), periodSeconds: 2, failureThreshold: 60 });
        expect(readinessProbe).toMatchObject({
          ...at('/health/ready'),
          periodSeconds: 5,
          failureThreshold: 2,
        });
        expect(livenessProbe).toEqual({
          ...at('/health/live'),
          periodSeconds: 10,
          timeoutSeconds: 5,
          failureThreshold: 6,
        });
      }
  });

  test('ports are those that the processes are told, that the image declares and that policies let in', () => {
    const declared = /EXPOSE (.+)/.exec(readFileSync(join(INFRA, 'images/Containerfile'), 'utf8'))?.[1];
    for (const { metadata, spec } of deployments) {
      const [container] = spec.template.spec.containers;
      const port = container?.ports?.[0]?.containerPort;
      expect(container?.args).toEqual([container?.name, '--port', String(port)]);
      expect(declared?.split(' ')).toContain(String(port));
      const policies = of<Policy>('NetworkPolicy').filter(({ metadata: { name } }) => name === metadata.name);
      expect(policies.flatMap((policy) => policy.spec.ingress?.flatMap(({ ports }) => ports))).toEqual([
        { protocol: 'TCP', port },
      ]);
    }
  });

  test('a deployment goes on while it is replaced and while nodes are drained, and is spread over them', () => {
    for (const { metadata, spec } of deployments) {
      const labels = spec.template.metadata.labels;
      expect(spec.strategy).toEqual({
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
      });
      expect(spec.minReadySeconds).toBeGreaterThanOrEqual(10);
      expect(spec.selector.matchLabels).toEqual(labels);
      const spread = spec.template.spec.topologySpreadConstraints;
      expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
        'kubernetes.io/hostname',
        'topology.kubernetes.io/zone',
      ]);
      for (const { labelSelector } of spread) expect(labelSelector.matchLabels).toEqual(labels);
      const budget = of<Budget>('PodDisruptionBudget').find(
        ({ metadata: { name } }) => name === metadata.name,
      );
      expect(budget?.spec).toEqual({ maxUnavailable: 1, selector: { matchLabels: labels } });
    }
  });

  test('the orchestrator waits longer for the end of a process than the process for what hangs', () => {
    const graceMs = (component: string) =>
      (deployments.find(({ metadata }) => metadata.name === `larder-${component}`)?.spec.template.spec
        .terminationGracePeriodSeconds ?? 0) * 1_000;
    const { drainMs } = readConfig({
      LARDER_HOST: '0.0.0.0',
      LARDER_AUTH: 'keys',
      LARDER_DATABASE_URL: 'postgresql://host/shop',
      LARDER_REDIS_URL: 'redis://host',
    });
    expect(drainMs).toBeGreaterThan(0);
    expect(graceMs('serve')).toBeGreaterThan(drainMs + SERVE_EXIT_MS);
    expect(graceMs('worker')).toBeGreaterThan(WORKER_EXIT_MS);
  });

  test('nothing comes in or goes out that no policy names', () => {
    const policies = of<Policy>('NetworkPolicy');
    expect(policies.find(({ metadata }) => metadata.name === 'larder-nothing')?.spec).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
    for (const { metadata, spec } of policies) {
      if (metadata.name === 'larder-nothing') continue;
      expect(spec.podSelector.matchLabels).toHaveProperty(['app.kubernetes.io/part-of'], 'larder');
      for (const { from, ports } of spec.ingress ?? []) {
        expect(from).not.toEqual([]);
        expect(ports).not.toEqual([]);
      }
      for (const { to, ports } of spec.egress ?? []) {
        expect(to).not.toEqual([]);
        expect(ports).not.toEqual([]);
      }
    }
    // every pod that the policies speak of exists, and every pod may reach the stores
    const labels = workloads.map(({ spec }) => spec.template.metadata.labels);
    for (const { spec } of policies)
      expect(labels.some((each) => isPart(spec.podSelector.matchLabels ?? {}, each))).toBe(true);
    const stores = policies.find(({ metadata }) => metadata.name === 'larder-stores');
    for (const each of labels) expect(isPart(stores?.spec.podSelector.matchLabels ?? {}, each)).toBe(true);
  });
});

test('large: the scalers own the number of pods, and count work in slots of the worker', () => {
  const manifests = renderOverlay(join(INFRA, 'kubernetes/overlays/large'));
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment') as Workload[];
  for (const { spec } of deployments) expect(spec.replicas).toBeUndefined();
  const scaled = manifests.find(({ kind }) => kind === 'ScaledObject') as Scaled | undefined;
  const scalers = manifests.filter(({ kind }) =>
    ['ScaledObject', 'HorizontalPodAutoscaler'].includes(kind),
  ) as Scaled[];
  expect(scalers.map(({ spec }) => spec.scaleTargetRef.name).sort()).toEqual(
    deployments.map(({ metadata }) => metadata.name).sort(),
  );
  const [trigger] = scaled?.spec.triggers ?? [];
  const service = manifests.find(({ kind }) => kind === 'Service');
  expect(trigger?.metadata['url']).toBe(
    `http://${service?.metadata.name}.${service?.metadata.namespace}.svc:6570/v1/queue/pressure`,
  );
  const worker = deployments.find(({ metadata }) => metadata.name === 'larder-worker');
  const slots = worker?.spec.template.spec.containers[0]?.env.find(
    ({ name }) => name === 'LARDER_WORKER_SLOTS',
  );
  expect(Number(trigger?.metadata['targetValue'])).toBe(120 * Number(slots?.value));
  expect(scaled?.spec.minReplicaCount).toBeGreaterThanOrEqual(1);
  expect(scaled?.spec.fallback).toBeDefined();
});

interface Policy extends Manifest {
  readonly spec: {
    readonly podSelector: { readonly matchLabels?: object };
    readonly ingress?: readonly { readonly from: readonly object[]; readonly ports: readonly object[] }[];
    readonly egress?: readonly { readonly to: readonly object[]; readonly ports: readonly object[] }[];
  };
}

interface Budget extends Manifest {
  readonly spec: object;
}

interface Scaled extends Manifest {
  readonly spec: {
    readonly scaleTargetRef: { readonly name: string };
    readonly minReplicaCount: number;
    readonly fallback: object;
    readonly triggers: readonly { readonly metadata: Readonly<Record<string, string>> }[];
  };
}

function isPart(part: object, whole: object): boolean {
  return Object.entries(part).every(([name, value]) => (whole as Record<string, unknown>)[name] === value);
}
