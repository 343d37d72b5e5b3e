import type { Verb } from './verb.ts';

export interface LazyVerb {
  readonly summary: string;
  /** With LARDER_URL it asks the service; the others need the stores or the code. @default false */
  readonly remote?: true;
  /** Needs no stores that somebody configured. @default false */
  readonly storeless?: true;
  load(): Promise<{ readonly verb: Verb }>;
}

/** Words that could mean several verbs: what to type instead. */
export const AMBIGUOUS: Readonly<Record<string, string>> = {
  keys: `'keys' can mean two things:
  larder entities ENTITY       the keys of an entity that the online store holds
  larder api-keys list         who may call the service`,
};

/** The verbs in the order of a first day. A verb's file is loaded only when used: `larder --help` loads none. */
export const VERBS: Readonly<Record<string, LazyVerb>> = {
  init: {
    summary: 'create a small working project to start from',
    storeless: true,
    load: () => import('./verbs/init.ts'),
  },
  up: {
    summary: 'start the apps, and PostgreSQL and Redis unless they are configured',
    storeless: true,
    load: () => import('./verbs/up.ts'),
  },
  dev: {
    summary: 'the same on embedded stores, and apply every change of the definitions at once',
    storeless: true,
    load: () => import('./verbs/dev.ts'),
  },
  serve: {
    summary: 'start one inference process, on stores that run already',
    load: () => import('./verbs/serve.ts'),
  },
  worker: {
    summary: 'start one worker, on stores that run already',
    load: () => import('./verbs/worker.ts'),
  },
  plan: {
    summary: 'show what apply would change',
    remote: true,
    load: () => import('./verbs/plan.ts'),
  },
  apply: {
    summary: 'apply the definitions of larder.config.ts',
    remote: true,
    load: () => import('./verbs/apply.ts'),
  },
  version: {
    summary: 'write the next version of a view beside the old one into larder.config.ts',
    storeless: true,
    load: () => import('./verbs/version.ts'),
  },
  preview: {
    summary: 'compute a view for one entity and show the result, without writing anything',
    load: () => import('./verbs/preview.ts'),
  },
  backfill: {
    summary: 'compute a view ahead of requests and follow the run',
    remote: true,
    load: () => import('./verbs/backfill.ts'),
  },
  runs: {
    summary: 'list runs, or show, pause, resume, cancel or retry one',
    remote: true,
    load: () => import('./verbs/runs.ts'),
  },
  inspect: {
    summary: 'show everything the online store holds for one entity',
    remote: true,
    load: () => import('./verbs/inspect.ts'),
  },
  entities: {
    summary: 'list the keys of an entity that the online store holds',
    remote: true,
    load: () => import('./verbs/entities.ts'),
  },
  predict: {
    summary: 'predict with a model, with its inputs as options',
    remote: true,
    load: () => import('./verbs/predict.ts'),
  },
  seal: {
    summary: 'complete and check the folder of a trained model',
    storeless: true,
    load: () => import('./verbs/seal.ts'),
  },
  predictions: {
    summary: 'list logged predictions, or show one with every feature and where it came from',
    remote: true,
    load: () => import('./verbs/predictions.ts'),
  },
  parity: {
    summary: 'rebuild the features of logged predictions from history and compare',
    remote: true,
    load: () => import('./verbs/parity.ts'),
  },
  models: {
    summary: 'list model versions, aliases and their moves, or mark a version as bad',
    remote: true,
    load: () => import('./verbs/models.ts'),
  },
  promote: {
    summary: 'move an alias to a model version, and wait until every process answers with it',
    remote: true,
    load: () => import('./verbs/promote.ts'),
  },
  rollback: {
    summary: 'move an alias back to the version before, and mark the one it leaves as bad',
    remote: true,
    load: () => import('./verbs/rollback.ts'),
  },
  'training-set': {
    summary: 'build a training set: rows with their features as known at each time',
    remote: true,
    load: () => import('./verbs/training-set.ts'),
  },
  score: {
    summary: 'score the rows of a Parquet file with a model, into another file',
    load: () => import('./verbs/score.ts'),
  },
  archive: {
    summary: 'write history as Parquet files: what landed since the last time',
    load: () => import('./verbs/archive.ts'),
  },
  restore: {
    summary: 'fill the online store from history, without computing anything',
    load: () => import('./verbs/restore.ts'),
  },
  backup: {
    summary: 'write a copy of the project for another environment',
    load: () => import('./verbs/backup.ts'),
  },
  load: {
    summary: 'load such a copy where the project is not applied',
    load: () => import('./verbs/load.ts'),
  },
  push: {
    summary: 'push rows from a file to a view without compute',
    remote: true,
    load: () => import('./verbs/push.ts'),
  },
  compare: {
    summary: 'compare two versions of a view, and what the later one does to predictions',
    remote: true,
    load: () => import('./verbs/compare.ts'),
  },
  labels: {
    summary: 'add labels from a file: the outcomes of predictions',
    remote: true,
    load: () => import('./verbs/labels.ts'),
  },
  forget: {
    summary: 'erase one entity everywhere, or list receipts of erasures',
    remote: true,
    load: () => import('./verbs/forget.ts'),
  },
  'api-keys': {
    summary: 'create, list, rotate and revoke the API keys of callers',
    remote: true,
    load: () => import('./verbs/api-keys.ts'),
  },
  audit: {
    summary: 'list who changed or inspected what, and which calls were refused',
    remote: true,
    load: () => import('./verbs/audit.ts'),
  },
  views: {
    summary: 'list view versions: how fresh each is, and when it is due next',
    remote: true,
    load: () => import('./verbs/views.ts'),
  },
  status: {
    summary: 'show what needs a person, since when, and the next command for each',
    remote: true,
    load: () => import('./verbs/status.ts'),
  },
  ps: {
    summary: 'list running workers and inference processes',
    remote: true,
    load: () => import('./verbs/ps.ts'),
  },
  migrate: {
    summary: 'migrate the control tables of the database',
    load: () => import('./verbs/migrate.ts'),
  },
  doctor: {
    summary: 'check configuration, versions, stores and artifacts, and say what to do',
    remote: true,
    load: () => import('./verbs/doctor.ts'),
  },
};
