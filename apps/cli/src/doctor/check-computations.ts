import { createLogger } from '@larder/core';
import { artifactFolder, viewRef, type ComputeDescriptor, type FeatureView } from '@larder/features';
import { replacedText, restore, type ComputingProject } from '../computing-project.ts';
import { finding, ok, warn, type Finding } from './check.ts';

/**
 * Starts every view's computation as a worker does, with its networks, one after another, and ends it. Predictions are
 * computed by a model, which is checked as one.
 */
export async function checkComputations(computing: ComputingProject): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const view of computing.project.featureViews.values())
    if (view.compute !== null && view.compute.kind !== 'prediction')
      findings.push(await checkComputation(computing, view, view.compute));
  return findings;
}

function checkComputation(
  { project, foldersOf, replacedOf }: ComputingProject,
  view: FeatureView,
  compute: ComputeDescriptor,
): Promise<Finding> {
  const ref = viewRef(view);
  const check = `computation of ${ref}`;
  const names = Object.keys(compute.artifacts);
  const mend =
    names.length === 0
      ? `Fix the module of its computation, then: larder preview ${ref} --entity KEY`
      : `Write its artifact again (${names.map((name) => compute.artifacts[name]?.path ?? name).join(', ')}), or fix the module of its computation; then: larder preview ${ref} --entity KEY`;
  return finding(check, mend, async () => {
    const startedMs = performance.now();
    const module = await compute.load();
    const folders = await foldersOf(ref);
    const computation = await module.createComputation({
      options: compute.options,
      artifactPaths: Object.fromEntries(
        Object.entries(compute.artifacts).map(([name, each]) => [
          name,
          folders[name] ?? artifactFolder(each, project.root) ?? '',
        ]),
      ),
      allowedHosts: project.manifest.allowed_hosts,
      logger: createLogger('larder-doctor', { level: 'silent' }),
    });
    await computation.close();
    const opened = names.length === 0 ? 'starts' : `opens ${names.join(', ')}`;
    const detail = `${opened} in ${Math.round(performance.now() - startedMs)} ms`;
    const replaced = replacedOf(ref);
    if (replaced.length === 0) return ok(check, detail);
    return warn(check, `${detail}: ${replaced.map(replacedText).join('; ')} is used`, restore(replaced));
  });
}
