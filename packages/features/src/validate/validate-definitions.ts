import type { ErrorDetail } from '@larder/core';
import type { Definitions } from '../project/collect-definitions.ts';
import { viewRef } from '../manifest/manifest.ts';
import type { Project } from '../definition/project.ts';
import type { ProjectPlace } from './project-place.ts';
import { below, collectProblems, type Report } from './report.ts';
import { validateAgreement } from './validate-agreement.ts';
import { validateEntity } from './validate-entity.ts';
import { validateFeatureView } from './validate-feature-view.ts';
import { validateModel } from './validate-model.ts';
import { validateUnique } from './validate-names.ts';
import { validateOnDemandFeatureView } from './validate-on-demand-feature-view.ts';
import { validatePostProcess } from './validate-post-process.ts';
import { validateProject } from './validate-project.ts';
import { validatePredictionsOfModels } from '../predictions/validate-predictions-of-models.ts';
import { validateEventSource } from '../windowed/validate-event-source.ts';

/** Every problem of a project's definitions, each with a pointer such as `/feature_views/ad_image@1/ttl`. */
export async function validateDefinitions(
  project: Project,
  definitions: Definitions,
  place: ProjectPlace,
): Promise<readonly ErrorDetail[]> {
  const { report, errors } = collectProblems();
  validateProject(project, definitions, report);
  validateNamesOnce(definitions, report);

  for (const entity of definitions.entities) validateEntity(entity, below(report, 'entities', entity.name));
  for (const source of definitions.eventSources)
    validateEventSource(source, below(report, 'event_sources', source.name));
  for (const view of definitions.featureViews) {
    await validateFeatureView(view, place, below(report, 'feature_views', viewRef(view)));
  }
  for (const view of definitions.onDemandFeatureViews) {
    const reportView = below(report, 'on_demand_feature_views', view.name);
    validateOnDemandFeatureView(view, reportView);
    validateAgreement([view], below(reportView, 'features'));
  }
  for (const post of definitions.postProcesses)
    validatePostProcess(post, below(report, 'on_demand_feature_views', post.name));
  for (const model of definitions.models) {
    const reportModel = below(report, 'models', model.name);
    validateModel(model, place, reportModel);
    if (Array.isArray(model.inputs))
      validateAgreement(model.inputs, below(reportModel, 'features'), model.postprocess);
  }
  validatePredictionsOfModels(definitions, report);
  return errors;
}

function validateNamesOnce(definitions: Definitions, report: Report): void {
  const { entities, eventSources, featureViews, onDemandFeatureViews, models } = definitions;
  validateUnique(
    entities.map(({ name }) => ({ key: name, what: 'entity' })),
    below(report, 'entities'),
  );
  validateUnique(
    featureViews.map((view) => ({ key: viewRef(view), what: 'feature view' })),
    below(report, 'feature_views'),
  );
  validateUnique(
    eventSources.map(({ name }) => ({ key: name, what: 'event source' })),
    below(report, 'event_sources'),
  );
  // `view:feature` does not say which of the two kinds it means, and a push or backfill names a view or an event source: one namespace.
  const viewNames = [
    ...new Set(featureViews.map(({ name }) => name)),
    ...onDemandFeatureViews.map(({ name }) => name),
    ...new Set(eventSources.map(({ name }) => name)),
    ...definitions.postProcesses.map(({ name }) => name),
  ];
  validateUnique(
    viewNames.map((key) => ({ key, what: 'view' })),
    below(report, 'on_demand_feature_views'),
  );
  validateUnique(
    models.map(({ name }) => ({ key: name, what: 'model' })),
    below(report, 'models'),
  );
}
