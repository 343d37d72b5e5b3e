import { resolve } from 'node:path';
import { loadedFunctions, type LoadedProject } from '@larder/features';
import { compileRead } from '@larder/online-store';
import { compilePlan, loadRunner } from '@larder/serving';

/**
 * Loads a model as the service will, with every check of its artifact, and unloads it.
 * @returns how long one row takes, and where it runs
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH
 */
export async function tryModel(
  project: LoadedProject,
  name: string,
  artifactPath?: string,
): Promise<{ readonly oneRowMs: number; readonly placement: string }> {
  const plan = compilePlan({
    manifest: project.manifest,
    functionOf: loadedFunctions(project),
    model: name,
    version: 0,
    onlineStore: { compileRead: (groups) => compileRead(project.name, groups) },
  });
  const folder = artifactPath ?? resolve(project.root, plan.model.artifact.path);
  const runner = await loadRunner({ folder, ...plan });
  await runner.close();
  return { oneRowMs: runner.oneRowMs, placement: runner.placement };
}
