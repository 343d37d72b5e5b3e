import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '@larder/infra';
import { REPOSITORY } from '@larder/infra/monitoring';

export interface PrometheusTools {
  readonly prometheus: string;
  readonly promtool: string;
}

/** How to have them, for the reason of a skipped test. */
export const WITHOUT_PROMETHEUS =
  'SKIPPED: neither prometheus and promtool on the PATH nor the Debian package can be had (apt-get install prometheus)';

/** Prometheus and promtool from the PATH, or from Debian's package unpacked into `.larder/tools`; null: neither. */
export function prometheusTools(): PrometheusTools | null {
  const [prometheus, promtool] = [findProgram('prometheus'), findProgram('promtool')];
  if (prometheus !== null && promtool !== null) return { prometheus, promtool };
  const tools = join(REPOSITORY, '.larder/tools');
  mkdirSync(tools, { recursive: true });
  const unpacked = join(tools, 'prometheus');
  if (!existsSync(join(unpacked, 'usr/bin/promtool'))) unpack(tools, unpacked);
  const found = {
    prometheus: join(unpacked, 'usr/bin/prometheus'),
    promtool: join(unpacked, 'usr/bin/promtool'),
  };
  return spawnSync(found.promtool, ['--version']).status === 0 ? found : null;
}

/** The package alone: what it depends on are pages of its console. Package lists of its own need neither root nor a lock. */
function unpack(tools: string, target: string): void {
  if (findProgram('apt-get') === null || findProgram('dpkg-deb') === null) return;
  const apt = mkdtempSync(join(tools, 'apt-'));
  const fresh = mkdtempSync(join(tools, 'prometheus-'));
  mkdirSync(join(apt, 'lists/partial'), { recursive: true });
  mkdirSync(join(apt, 'cache/archives/partial'), { recursive: true });
  const any = ['Debug::NoLocking=1', 'APT::Sandbox::User='];
  const own = [...any, `Dir::State::lists=${join(apt, 'lists')}`, `Dir::Cache=${join(apt, 'cache')}`];
  const get = (options: readonly string[], args: readonly string[]): boolean =>
    spawnSync('apt-get', [...options.flatMap((option) => ['-o', option]), ...args], {
      cwd: apt,
      timeout: 120_000,
    }).status === 0;
  try {
    if (!get(any, ['download', 'prometheus'])) {
      get(own, ['update']);
      get(own, ['download', 'prometheus']);
    }
    for (const file of readdirSync(apt).filter((name) => name.endsWith('.deb')))
      spawnSync('dpkg-deb', ['-x', join(apt, file), fresh]);
    renameSync(fresh, target); // atomic: another process may have been first
  } catch {
    rmSync(fresh, { recursive: true, force: true });
  } finally {
    rmSync(apt, { recursive: true, force: true });
  }
}
