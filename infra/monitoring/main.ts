import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { monitoringFiles, REPOSITORY } from './monitoring-files.ts';

/** `npm run monitoring`: writes the reference, the rules and the dashboards from the table of metrics. */
for (const [path, text] of monitoringFiles()) {
  mkdirSync(dirname(join(REPOSITORY, path)), { recursive: true });
  writeFileSync(join(REPOSITORY, path), text);
  console.log(path);
}
