import { createLogger } from '@larder/core';
import {
  artifactFolder,
  viewRef,
  type ComputeDescriptor,
  type FeatureView,
  type LoadedProject,
} from '@larder/features';
import { finding, ok, type Finding } from './check.ts';

/** Starts every view's computation as a worker does, with its networks, one after another, and ends it. */
export async function checkComputations(project: LoadedProject): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const view of project.featureViews.values())
    if (view.compute !== null) findings.push(await checkComputation(project, view, view.compute));
  return findings;
}

function checkComputation(
  project: LoadedProject,
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
    const computation = await module.createComputation({
      options: compute.options,
      artifactPaths: Object.fromEntries(
        Object.entries(compute.artifacts).map(([name, each]) => [
          name,
          artifactFolder(each, project.root) ?? '',
        ]),
      ),
      allowedHosts: project.manifest.allowed_hosts,
      logger: createLogger('larder-doctor', { level: 'silent' }),
    });
    await computation.close();
    const opened = names.length === 0 ? 'starts' : `opens ${names.join(', ')}`;
    return ok(check, `${opened} in ${Math.round(performance.now() - startedMs)} ms`);
  });
}
