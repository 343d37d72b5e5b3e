import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Artifact } from '../artifact.ts';
import type { Report } from './report.ts';

/** The path must mean the same on every machine, and lead to a folder. */
export function validateArtifact(artifact: Artifact, root: string, report: Report): void {
  if (artifact?.kind !== 'artifact' || typeof artifact.path !== 'string') {
    return report([], "must be artifact('models/…').");
  }
  const { path } = artifact;
  if (path === '' || /^([/\\]|[A-Za-z]:)|\\/.test(path)) {
    return report([], `'${path}' must be a path relative to larder.config.ts, with forward slashes.`);
  }
  if (statSync(resolve(root, path), { throwIfNoEntry: false })?.isDirectory() !== true) {
    report(
      [],
      `there is no folder '${path}' beside larder.config.ts; write the artifact first, or mend the path.`,
    );
  }
}
