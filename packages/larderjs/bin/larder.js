#!/bin/sh
// 2>/dev/null; case "$0" in *.bin/*) n="${0%/*}/node";; *) n=;; esac; [ -x "$n" ] || n=node; exec "$n" "$0" "$@"
// The line above is for sh: it becomes the Node that npm installed beside this file, as with npx, or the one on the PATH.
// The rest is plain JavaScript for any Node: it says which Node is needed before anything else is read.
const { version, platform, arch, execPath } = process;
if (Number(process.versions.node.split('.')[0]) < 24) {
  // npm packages that are only a Node binary; unlike `node`, they need no install script
  const binary = `${platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node'}-${platform}-${arch}@24`;
  console.error(`Larder needs Node 24 or newer: it runs your TypeScript as it is. This is Node ${version} (${execPath}).
In your project's folder, npm can install Node 24 beside your own; npm and npx use it there:
  npm install --ignore-scripts --save-optional ${binary}
Or install it for everything: https://nodejs.org, or with nvm: nvm install 24`);
  process.exit(2);
}
await import('../dist/apps/cli/src/main.js');
