#!/usr/bin/env node
// Entry point of the repository: `npm run demo|check|bench|larder` and `npm test` all run this.
// Plain JavaScript for Node 20 or newer: installs what is missing, then hands over to Node 24.
import { spawn } from 'node:child_process';
import { ensureDependencies, projectNodePath } from './launcher/dependencies.mjs';
import { commandsOf, VERBS } from './launcher/verbs.mjs';

const [verb, ...rest] = process.argv.slice(2);
const commands = commandsOf(verb, rest);
if (commands === null) {
  console.error(`usage: node infra/run.mjs ${VERBS.join('|')} [options]`);
  process.exit(2);
}

await ensureDependencies();
for (const command of commands) {
  const code = await run(command);
  if (code !== 0) process.exit(code);
}

/** Runs one command on the project's own Node; Ctrl-C reaches it once, and this process waits for its end. */
function run([program, ...args]) {
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: projectNodePath(),
      TURBO_TELEMETRY_DISABLED: '1',
      npm_config_loglevel: 'error',
    },
  });
  const forward = (signal) => child.kill(signal);
  const ignore = () => {}; // a terminal sends SIGINT to the whole group already
  process.on('SIGTERM', forward).on('SIGINT', ignore);
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`${program} could not be started: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (code, signal) => {
      process.off('SIGTERM', forward).off('SIGINT', ignore);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}
