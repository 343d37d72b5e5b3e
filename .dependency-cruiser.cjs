// Who may know whom: the arrows of the design, checked. `from`/`to` are folders of this repository.
const STORES = '^packages/(online-store|offline-store|archive|model-runtime|outbound|sources|extractors)/';
const USE_CASES = '^packages/(materialization|registry|serving|training)/';
const notAllowed = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from, pathNot: '\\.(test|test-d)\\.ts$|/fixtures/|/src/testing/' },
  to: { path: to },
});
const onlyIn = (library, folders) => ({
  name: `${library}-only-in-its-room`,
  severity: 'error',
  comment: `${library} is used in ${folders} alone; everybody else goes through that room's interface.`,
  from: { pathNot: `^(${folders})|\\.test\\.ts$|^test/|/fixtures/|^packages/testing/` },
  to: { path: `^node_modules/${library}(/|$)`, dependencyTypesNot: ['type-only'] },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    notAllowed('core-knows-nobody', '^packages/core/', '^(packages/(?!core/)|apps/|infra/|examples/)'),
    notAllowed(
      'contracts-know-core',
      '^packages/contracts/',
      '^(packages/(?!contracts/|core/)|apps/|infra/|examples/)',
    ),
    notAllowed(
      'features-know-core',
      '^packages/features/',
      '^(packages/(?!features/|core/)|apps/|infra/|examples/)',
    ),
    notAllowed(
      'stores-know-definitions',
      STORES,
      '^(packages/(contracts|materialization|registry|serving|training|client)/|apps/|infra/|examples/)',
    ),
    notAllowed('online-and-offline-are-strangers', '^packages/online-store/', '^packages/offline-store/'),
    notAllowed('offline-and-online-are-strangers', '^packages/offline-store/', '^packages/online-store/'),
    notAllowed('outbound-knows-core', '^packages/outbound/', '^packages/(?!outbound/|core/)'),
    notAllowed(
      'access-knows-contracts-and-the-database',
      '^packages/access/',
      '^(packages/(?!access/|contracts/|core/|offline-store/)|apps/|infra/|examples/)',
    ),
    notAllowed('use-cases-below-apps', USE_CASES, '^(packages/contracts/|apps/|infra/|examples/)'),
    notAllowed('serving-never-materializes', '^packages/serving/', '^packages/materialization/'),
    notAllowed('materialization-never-serves', '^packages/materialization/', '^packages/(serving|registry)/'),
    notAllowed(
      'operations-know-use-cases',
      '^packages/operations/',
      '^(packages/(contracts|serving|training)/|apps/|infra/|examples/)',
    ),
    notAllowed('operations-are-below-apps-alone', '^packages/(?!operations/)', '^packages/operations/'),
    notAllowed(
      'backup-knows-use-cases',
      '^packages/backup/',
      '^(packages/(contracts|serving|training|online-store)/|apps/|infra/|examples/)',
    ),
    notAllowed('backup-is-below-apps-alone', '^packages/(?!backup/)', '^packages/backup/'),
    {
      name: 'kinds-of-sources-are-strangers',
      severity: 'error',
      comment: 'Adding a kind touches its folder and the list.',
      from: { path: '^packages/sources/src/([^/]+)/' },
      to: { path: '^packages/sources/src/[^/]+/', pathNot: '^packages/sources/src/($1|fixtures)/' },
    },
    {
      name: 'kinds-of-sources-are-opened-through-the-list',
      severity: 'error',
      from: { path: '^packages/sources/src/[^/]+\\.ts$', pathNot: '(source-kinds|index|\\.test)\\.ts$' },
      to: { path: '^packages/sources/src/(?!fixtures/)[^/]+/' },
    },
    notAllowed(
      'training-never-serves-or-materializes',
      '^packages/training/',
      '^packages/(serving|materialization|registry)/',
    ),
    notAllowed('apps-are-strangers', '^apps/inference/', '^apps/(?!inference/)'),
    notAllowed('worker-is-alone', '^apps/worker/', '^apps/(?!worker/)'),
    notAllowed('cli-is-alone', '^apps/cli/', '^apps/(?!cli/)'),
    notAllowed(
      'nobody-knows-the-package',
      '^(packages/(?!larderjs/)|apps/(?!cli/templates/)|infra/|examples/)',
      '^packages/larderjs/',
    ),
    notAllowed('packages-never-know-apps', '^packages/', '^(apps|examples|test)/'),
    notAllowed(
      'testing-is-for-tests',
      '^(packages/(?!testing/)|apps/|infra/|examples/)',
      '^packages/testing/|/src/testing/',
    ),
    onlyIn('ioredis', 'packages/online-store/|packages/testing/|infra/'),
    onlyIn('@opentelemetry/api', 'packages/core/'),
    onlyIn('bullmq', 'packages/materialization/'),
    onlyIn(
      'kysely',
      'packages/offline-store/|packages/registry/|packages/materialization/|packages/training/|packages/archive/|packages/access/|packages/operations/|packages/backup/',
    ),
    onlyIn('pg', 'packages/offline-store/|packages/sources/|infra/|examples/'),
    onlyIn('pg-cursor', 'packages/sources/'),
    onlyIn('onnxruntime-node', 'packages/model-runtime/'),
    onlyIn('@duckdb/node-api', 'packages/archive/'),
    onlyIn('@duckdb/node-bindings', 'packages/archive/'),
    onlyIn('apache-arrow', 'packages/training/'),
    onlyIn('undici', 'packages/outbound/'),
    {
      name: 'network-only-in-outbound',
      severity: 'error',
      comment: "Requests to somebody else's address go through packages/outbound, which checks it.",
      from: { path: '^packages/', pathNot: '^packages/(outbound|testing)/|\\.test\\.ts$|/src/testing/' },
      to: { dependencyTypes: ['core'], path: '^(node:)?(https?|http2|tls|dns|dns/promises)$' },
    },
    onlyIn('prom-client', 'packages/core/src/metrics/'),
    onlyIn('express', 'apps/inference/|examples/'),
    onlyIn('aws4fetch', 'packages/registry/src/artifacts/'),
    onlyIn('sharp', 'packages/extractors/|examples/|apps/cli/templates/'),
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(\\.larder|dist)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
    tsPreCompilationDeps: true,
  },
};
