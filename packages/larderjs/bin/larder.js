#!/usr/bin/env node
// Plain JavaScript for any Node: it says which Node is needed before anything else is read.
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(
    `larder needs Node 24 or newer, which runs a project's TypeScript as it is; this is Node ${process.versions.node}. ` +
      'Install it from https://nodejs.org, or with nvm: nvm install 24',
  );
  process.exit(1);
}
await import('../dist/apps/cli/src/main.js');
