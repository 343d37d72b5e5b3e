import { sql, type RawBuilder } from 'kysely';
import { literal } from '../copy/literal.ts';
import { notReplaced } from './current-labels.ts';
import type { LabelPolicy } from './label-policy.ts';

export interface LabelledPredictions {
  readonly project: string;
  readonly model: string;
  readonly policy: LabelPolicy;
  readonly from: Date;
  readonly to: Date;
  /** Labels received, and predictions logged, before this instant. */
  readonly asOf: Date;
}

/**
 * `(prediction_id, value, weight, event_timestamp, label_id)`: every label that is not replaced, at its prediction. A
 * query without parameters. At least the predictions from `from` to before `to` have their labels.
 */
export function labelledPredictions(asked: LabelledPredictions): RawBuilder<unknown> {
  const { policy } = asked;
  const byId = sql`
    select l.prediction_id, l.value, l.weight, l.event_timestamp, l.label_id
    from larder.labels l where ${counts(asked)} and l.prediction_id is not null`;
  if (policy.attribution === 'prediction_id') return byId;
  const { entity, windowMs } = policy.attribution;
  const window = sql`${literal(`${windowMs} milliseconds`)}::interval`;
  // The newest prediction of the key, also one after `to`: what it is labelled with is not another's label.
  return sql`${byId}
    union all
    select p.prediction_id, l.value, l.weight, l.event_timestamp, l.label_id
    from larder.labels l
    cross join lateral (
      select p.prediction_id from larder.predictions p
      where p.entity_keys @> array[l.entity || case when l.key_hashed then '#' else ':' end || l.entity_key]
        and p.project = ${literal(asked.project)} and p.model = ${literal(asked.model)}
        and p.predicted_at <= l.event_timestamp and p.predicted_at >= l.event_timestamp - ${window}
        and p.logged_at < ${literal(asked.asOf)}
      order by p.predicted_at desc, p.prediction_id desc limit 1
    ) p
    where ${counts(asked)} and l.entity = ${literal(entity)}
      and l.event_timestamp >= ${literal(asked.from)} and l.event_timestamp < ${literal(asked.to)} + ${window}`;
}

function counts({ project, policy, asOf }: LabelledPredictions): RawBuilder<boolean> {
  return sql<boolean>`l.project = ${literal(project)} and l.name = ${literal(policy.name)}
    and l.received_at < ${literal(asOf)} and ${notReplaced(literal(asOf))}`;
}
