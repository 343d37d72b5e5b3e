import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
  };
  readonly [field: string]: unknown;
}

interface Kustomization {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly resources: readonly string[];
  readonly images?: readonly { readonly name: string; readonly newName: string; readonly digest: string }[];
  readonly patches?: readonly { readonly target: { readonly kind: string }; readonly patch: string }[];
}

interface Operation {
  readonly op: string;
  readonly path: string;
}

const KNOWN = new Set(['apiVersion', 'kind', 'namespace', 'resources', 'images', 'patches']);
/** Kinds that belong to no namespace. */
const OF_THE_CLUSTER = new Set(['Namespace']);

/**
 * What `kubectl kustomize FOLDER` prints, for the part of kustomize that the manifests use; where kubectl is installed, a
 * test compares the two.
 * @throws Error for any other part
 */
export function renderOverlay(folder: string): Manifest[] {
  const kustomization = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as Kustomization;
  const foreign = Object.keys(kustomization).filter((field) => !KNOWN.has(field));
  if (foreign.length > 0) throw new Error(`${folder}: this renderer does not know ${foreign.join(', ')}.`);
  const { namespace, resources, images = [], patches = [] } = kustomization;
  const manifests = resources.flatMap((path) => {
    const resource = resolve(folder, path);
    return statSync(resource).isDirectory() ? renderOverlay(resource) : readManifests(resource);
  });
  for (const { target, patch } of patches) {
    const patched = manifests.filter(({ kind }) => kind === target.kind);
    if (patched.length === 0) throw new Error(`${folder}: no ${target.kind} to patch.`);
    for (const manifest of patched)
      for (const operation of parse(patch) as Operation[]) removeField(manifest, operation);
  }
  return manifests.map((manifest) => {
    const named = withImages(manifest, images) as Manifest;
    if (namespace === undefined || OF_THE_CLUSTER.has(named.kind)) return named;
    return Object.assign(named, { metadata: { ...named.metadata, namespace } });
  });
}

export function readManifests(file: string): Manifest[] {
  // as Kubernetes reads it: 0440 is octal there
  return parseAllDocuments(readFileSync(file, 'utf8'), { version: '1.1' }).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join('\n')}`);
    return document.toJS() as Manifest;
  });
}

function removeField(manifest: Manifest, { op, path }: Operation): void {
  if (op !== 'remove') throw new Error(`this renderer does not know the operation ${op}.`);
  const names = path.slice(1).split('/');
  const last = names.pop() as string;
  let holder = manifest as Record<string, unknown>;
  for (const name of names) holder = holder[name] as Record<string, unknown>;
  if (!(last in holder))
    throw new Error(`${manifest.kind} ${manifest.metadata.name} has no ${path} to remove.`);
  delete holder[last];
}

function withImages(value: unknown, images: NonNullable<Kustomization['images']>): unknown {
  if (Array.isArray(value)) return value.map((each) => withImages(each, images));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, each]) => {
      const image = field === 'image' ? images.find(({ name }) => name === each) : undefined;
      return [field, image ? `${image.newName}@${image.digest}` : withImages(each, images)];
    }),
  );
}
