import type { SourceDescriptor } from '../definition/source.ts';
import type { Definitions } from '../project/collect-definitions.ts';
import type { Project } from '../definition/project.ts';
import { below, type Report } from './report.ts';
import { validateWholeMs } from './validate-options.ts';
import { validateName } from './validate-names.ts';

/** `*`, or a name, `*.` and a name of two labels or more, or an address; with or without a port. */
const HOST =
  /^(?:\*|(?:(?:\*\.(?=[^:]+\.))?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(?::\d{1,5})?)$/;

export function validateProject(
  project: Project,
  { featureViews, eventSources }: Definitions,
  report: Report,
): void {
  validateName(project.name, below(report, 'project'));
  for (const [index, host] of project.allowedHosts.entries()) {
    if (!HOST.test(host)) {
      report(
        ['allowed_hosts', index],
        `'${host}' must be a host in lower case such as 'cdn.example.com', '*.example.com' or 'localhost:8080', without scheme and path.`,
      );
    }
  }
  validateWholeMs(project.eventHorizon, project.eventHorizonMs, 'a duration', below(report, 'eventHorizon'));
  for (const [index, connection] of (project.connections ?? []).entries()) {
    validateName(connection, below(report, 'connections', index));
  }
  for (const { name, version, source } of featureViews)
    validateConnection(project, source, below(report, 'feature_views', `${name}@${version}`, 'source'));
  for (const { name, backfill } of eventSources)
    validateConnection(project, backfill, below(report, 'event_sources', name, 'backfill'));
}

function validateConnection(project: Project, source: SourceDescriptor | null, report: Report): void {
  const connection = source?.connection ?? null;
  if (connection === null) return;
  if (project.connections === null) return validateName(connection, below(report, 'connection'));
  if (project.connections.includes(connection)) return;
  report(
    ['connection'],
    `'${connection}' is not among the project's connections (${project.connections.join(', ') || 'none'}); add it to project(…, { connections }).`,
  );
}
