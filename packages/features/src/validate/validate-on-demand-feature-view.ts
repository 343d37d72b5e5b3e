import type { OnDemandFeatureView } from '../on-demand/on-demand-feature-view.ts';
import { below, type Report } from './report.ts';
import { validateFields } from './validate-fields.ts';
import { validateEachViewOnce, validateInputs, validateNoRepeats } from './validate-inputs.ts';
import { validateName } from './validate-names.ts';

export function validateOnDemandFeatureView(view: OnDemandFeatureView, report: Report): void {
  validateName(view.name, report);
  validateFields(
    view.request,
    { mayBeEmpty: true, noDefault: 'a request field is always given.' },
    below(report, 'request'),
  );
  validateFields(view.schema, {}, below(report, 'schema'));
  if (typeof view.compute !== 'function') report(['compute'], 'must be a function of { request, features }.');

  const reportFeatures = below(report, 'features');
  const features = validateInputs(view.inputs, reportFeatures);
  validateNoRepeats(validateEachViewOnce(features, reportFeatures), reportFeatures);
}
