import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { givenSettings } from '@larder/core/config';

/**
 * What a process would refuse of the settings of a manifest. The files that `…_FILE` settings name hold an address, as
 * the secrets that are mounted there do.
 */
export function settingsProblems(settings: Readonly<Record<string, string>>): object[] {
  const folder = mkdtempSync(join(tmpdir(), 'larder-settings-'));
  try {
    const mounted = Object.entries(settings).map(([name, value]) => {
      if (!name.endsWith('_FILE')) return [name, value];
      const file = join(folder, name);
      writeFileSync(file, `${name.includes('REDIS') ? 'redis' : 'postgresql'}://user:password@host/0\n`);
      return [name, file];
    });
    return [...givenSettings(Object.fromEntries(mounted) as Record<string, string>).problems];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
