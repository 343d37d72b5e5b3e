import { toLarderError } from '@larder/core';
import { loadProject, projectFiles, type LoadedProject } from '@larder/features';
import { prepareChange, type ChangeStores, type PreparedChange } from './change-in-place.ts';
import type { Answer, ProjectReading, Request, Told } from './project-messages.ts';

// A separate process: Node imports a module once, so only a fresh process sees the current content of a file. It lives
// for one change: it reads the project, and carries the change out in the steps that its parent asks for.
const [configPath = ''] = process.argv.slice(2);
let project: LoadedProject | null = null;
let change: PreparedChange | null = null;

process.on('message', (request) => void answer(request as Request));
process.once('disconnect', () => process.exit());
// Ctrl-C reaches this process as well; the parent decides what becomes of it.
process.on('SIGINT', () => {});
send({ reading: await read() });

async function read(): Promise<ProjectReading> {
  let problem: ProjectReading['problem'] = null;
  try {
    project = await loadProject(configPath);
  } catch (thrown) {
    problem = told(thrown);
  }
  return { manifest: project?.manifest ?? null, problem, files: await projectFiles(configPath) };
}

async function answer(request: Request): Promise<void> {
  try {
    if (request.step === 'prepare') send({ prepared: await prepare(request.stores) });
    else if (change === null) throw new Error('No change is prepared.');
    else send({ changed: await change.commit() });
  } catch (thrown) {
    send({ problem: told(thrown) });
  }
}

async function prepare(stores: ChangeStores): Promise<PreparedChange['check']> {
  if (project === null) throw new Error('The project is not loaded.');
  change = await prepareChange(project, stores);
  return change.check;
}

function told(thrown: unknown): Told {
  const { code, message, cause, errors } = toLarderError(thrown);
  const internal = code === 'INTERNAL' && cause instanceof Error;
  return { code, message: internal ? String(cause.stack) : message, errors: [...errors] };
}

function send(message: Answer): void {
  process.send?.(message);
}
