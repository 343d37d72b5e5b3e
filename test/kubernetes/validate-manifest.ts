import * as keda from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { PodMonitor, PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Job } from 'kubernetes-models/batch/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Namespace, Service } from 'kubernetes-models/v1';
import type { Manifest } from './render-overlay.ts';
import { unknownFields } from './unknown-fields.ts';

/** The kinds that the manifests may use. */
const KINDS = [
  Namespace,
  Service,
  Deployment,
  Job,
  HorizontalPodAutoscaler,
  NetworkPolicy,
  PodDisruptionBudget,
  keda.ScaledObject,
  keda.TriggerAuthentication,
  PodMonitor,
  PrometheusRule,
] as const;

/** @returns what is wrong: a wrong type, a field that is missing, or one that does not exist */
export function manifestProblems(manifest: Manifest): string[] {
  const Kind = KINDS.find(
    ({ apiVersion, kind }) => apiVersion === manifest.apiVersion && kind === manifest.kind,
  );
  if (Kind === undefined) return [`${manifest.apiVersion} ${manifest.kind} is not a kind that is validated`];
  try {
    // not through its constructor, which copies, and so reads everything
    return unknownFields(manifest, (data) => Kind.prototype.validate.call(data)).map(
      (path) => `${path} is not a field of ${manifest.kind}`,
    );
  } catch (error) {
    return [(error as Error).message];
  }
}
