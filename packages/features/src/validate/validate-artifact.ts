import { statSync } from 'node:fs';
import { artifactFolder, type Artifact } from '../artifact/artifact.ts';
import type { ProjectPlace } from './project-place.ts';
import type { Report } from './report.ts';

/** The path must mean the same on every machine and lead to a folder, unless it may be absent. */
export function validateArtifact(artifact: Artifact, place: ProjectPlace, report: Report): void {
  if (artifact?.kind !== 'artifact' || typeof artifact.path !== 'string') {
    return report([], "must be artifact('models/…').");
  }
  const { path } = artifact;
  if (artifact.from !== undefined) return validatePackage(artifact, place, report);
  if (path === '' || /^([/\\]|[A-Za-z]:)|\\/.test(path)) {
    return report([], `'${path}' must be a path relative to larder.config.ts, with forward slashes.`);
  }
  if (!place.artifactsMayBeAbsent && !isFolder(artifactFolder(artifact, place.root))) {
    report(
      [],
      `there is no folder '${path}' beside larder.config.ts; create the artifact first, or fix the path.`,
    );
  }
}

function validatePackage(artifact: Artifact, place: ProjectPlace, report: Report): void {
  if (place.artifactsMayBeAbsent || isFolder(artifactFolder(artifact, place.root))) return;
  report(
    [],
    `there is no folder '${artifact.path.replace('npm:', '')}' among the installed packages; npm install it.`,
  );
}

function isFolder(path: string | null): boolean {
  return path !== null && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
