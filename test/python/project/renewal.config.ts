// The project of larder.config.ts with the model that docs/guides/kinds-of-models.md trains.
import { artifact, f, model } from '@larder/features';
import { account, activity } from './larder.config.ts';

export * from './larder.config.ts';
export { default } from './larder.config.ts';

export const renewal = model('renewal', {
  inputs: {
    numbers: [activity.pick('orders', 'spent')],
    counts: [account.pick('logins')],
    plan: [account.pick('plan')],
  },
  output: { probability: f.float32() },
  artifact: artifact('models/renewal'),
  missing: 0,
});
