import { toLarderError } from '@larder/core';
import { loadProject, projectFiles } from '@larder/features';
import { tryModel } from '../models/try-model.ts';
import type { ProjectReading } from './read-project.ts';

// A separate process: Node imports a module once, so only a fresh process sees the current content of a file.
const [configPath = ''] = process.argv.slice(2);
const reading: ProjectReading = { ...(await read()), files: await projectFiles(configPath) };
process.send?.(reading, () => process.disconnect());

/** Finds everything that would keep the apps from starting, while the last good ones still run. */
async function read(): Promise<Omit<ProjectReading, 'files'>> {
  try {
    const project = await loadProject(configPath);
    for (const model of Object.keys(project.manifest.models)) await tryModel(project, model);
    return { manifest: project.manifest, problem: null };
  } catch (thrown) {
    const error = toLarderError(thrown);
    const { code, cause } = error;
    const internal = code === 'INTERNAL' && cause instanceof Error;
    return { manifest: null, problem: { code, message: internal ? String(cause.stack) : error.message } };
  }
}
