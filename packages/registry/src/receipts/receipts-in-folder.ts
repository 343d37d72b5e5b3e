import { access, constants, mkdir, mkdtemp, open, opendir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LarderError } from '@larder/core';
import type { ReceiptPlace } from '@larder/materialization/erasure';

/**
 * A folder of a file system, with one folder for each project. It has to be there: where it is not, its disk is not mounted,
 * and receipts would be lost with this machine.
 */
export function receiptsInFolder(folder: string): ReceiptPlace {
  return {
    async write(project, name, text) {
      const path = join(folder, project);
      try {
        await mkdir(path).catch(unless('EEXIST'));
        await writeNew(join(path, name), text).catch(unless('EEXIST'));
        // Whoever wrote them first may not have come this far.
        await sync(path);
        await sync(folder);
      } catch (error) {
        throw unavailable(folder, 'written', error);
      }
    },
    async *names(project) {
      try {
        // Tells a project without receipts from a folder that is not there.
        await (await opendir(folder)).close();
        const entries = await opendir(join(folder, project)).catch(unless('ENOENT'));
        for await (const { name } of entries ?? []) yield name;
      } catch (error) {
        throw unavailable(folder, 'read', error);
      }
    },
    async check(project) {
      try {
        await rmdir(await mkdtemp(join(folder, 'larder-doctor-')));
        await sync(folder);
        await access(join(folder, project), constants.W_OK | constants.X_OK).catch(unless('ENOENT'));
      } catch (error) {
        throw unavailable(folder, 'written', error);
      }
    },
  };
}

/** Follows no link, and replaces nothing. */
async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unless(code: string): (error: unknown) => null {
  return (error) => {
    if (codeOf(error) === code) return null;
    throw error;
  };
}

function unavailable(folder: string, done: 'read' | 'written', error: unknown): LarderError {
  const code = codeOf(error);
  const reason =
    code === 'ENOENT'
      ? 'it does not exist; mount or create it'
      : `${code ?? 'unknown reason'}; check the disk and its permissions`;
  return new LarderError(
    'RECEIPTS_UNAVAILABLE',
    `Receipts of erasures cannot be ${done} in ${folder} (LARDER_RECEIPTS_URL): ${reason}.`,
    { cause: error },
  );
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
