import type { Verb } from './verb.ts';

export interface LazyVerb {
  readonly summary: string;
  load(): Promise<{ readonly verb: Verb }>;
}

/** In the order of a first day. A verb's file is loaded when it is typed: `larder --help` loads none. */
export const VERBS: Readonly<Record<string, LazyVerb>> = {
  init: {
    summary: 'write a small project that works, to start from',
    load: () => import('./verbs/init.ts'),
  },
  up: {
    summary: 'start the apps and whatever of PostgreSQL and Redis is not configured',
    load: () => import('./verbs/up.ts'),
  },
  dev: {
    summary: 'the same on embedded stores, applying every change of the definitions at once',
    load: () => import('./verbs/dev.ts'),
  },
  plan: {
    summary: 'show what apply would change',
    load: () => import('./verbs/plan.ts'),
  },
  apply: {
    summary: 'make the definitions of larder.config.ts those of the project',
    load: () => import('./verbs/apply.ts'),
  },
  preview: {
    summary: 'compute a view for one entity and show it, without writing anything',
    load: () => import('./verbs/preview.ts'),
  },
  backfill: {
    summary: 'compute a view ahead and follow the run',
    load: () => import('./verbs/backfill.ts'),
  },
  runs: {
    summary: 'list runs, show one, pause, resume, cancel it or retry what failed',
    load: () => import('./verbs/runs.ts'),
  },
  inspect: {
    summary: 'show everything the online store holds for one entity',
    load: () => import('./verbs/inspect.ts'),
  },
  keys: {
    summary: 'list the entities that the online store holds',
    load: () => import('./verbs/keys.ts'),
  },
  predict: {
    summary: 'ask a model, with its inputs as options',
    load: () => import('./verbs/predict.ts'),
  },
  push: {
    summary: 'land rows of a view without compute from a file',
    load: () => import('./verbs/push.ts'),
  },
  views: {
    summary: 'list view versions: how fresh each is, and when it is due next',
    load: () => import('./verbs/views.ts'),
  },
  ps: {
    summary: 'list the workers and inference processes that run',
    load: () => import('./verbs/ps.ts'),
  },
  doctor: {
    summary: 'check configuration, versions, stores and artifacts, and say what to do',
    load: () => import('./verbs/doctor.ts'),
  },
};
