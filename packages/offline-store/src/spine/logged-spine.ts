import type { Readable } from 'node:stream';
import { LarderError } from '@larder/core';
import type { FieldManifest } from '@larder/features';
import { sql, type RawBuilder } from 'kysely';
import { streamCsv } from '../copy/stream-csv.ts';
import { literal } from '../copy/literal.ts';
import type { LabelPolicy } from '../labels/label-policy.ts';
import { labelledPredictions } from '../labels/labelled-predictions.ts';
import type { OfflineStore } from '../offline-store.ts';

export interface LoggedSpineOptions {
  readonly project: string;
  readonly model: string;
  /** Predictions of this version alone. */
  readonly version?: number;
  /** Predictions from `from` to before `to`. @default all that were logged before `asOf` */
  readonly from?: Date;
  readonly to?: Date;
  /** Join keys and request fields to return, as the model's manifest declares them. */
  readonly keys: readonly FieldManifest[];
  readonly request: readonly FieldManifest[];
  /** Null: the predictions alone. */
  readonly label: LabelPolicy | null;
  /** What was known at this instant: predictions logged, and labels received, before it. */
  readonly asOf: Date;
  /** Also predictions whose label may still arrive. @default false */
  readonly immature?: boolean;
  readonly signal?: AbortSignal;
}

/** One column of the rows; its name is unique among those of the same role only. */
export interface LoggedSpineColumn {
  readonly name: string;
  readonly role: 'row' | 'time' | 'key' | 'request' | 'passed';
  /** How the text of the column reads. `json`: the value as JSON of the API (`decodeJsonValue` reads it). */
  readonly type: 'int64' | 'microseconds' | 'uuid' | 'float64' | 'bool' | 'string' | 'json';
  /** The declaration of a key or request field. */
  readonly field?: FieldManifest;
}

export interface LoggedSpine {
  readonly columns: readonly LoggedSpineColumn[];
  /** CSV without a header, in the order of prediction: null is an unquoted empty field, empty text is `""`. */
  readonly rows: Readable;
}

/**
 * Logged predictions with their labels, as the spine of a training set: `row` (from 0), `at` (microseconds since 1970),
 * `prediction_id`, the join keys and request fields as they were logged, and with a label `<its name>`, `weight` and
 * `mature`. The same options give the same rows again, as long as the log keeps the predictions.
 * @throws REQUEST_INVALID when silence is a negative of a label with text values, or a field is sensitive
 */
export async function loggedSpine(store: OfflineStore, options: LoggedSpineOptions): Promise<LoggedSpine> {
  const { label } = options;
  refuseHidden([...options.keys, ...options.request]);
  const type = label === null ? 'float64' : await columnType(store, options, label);
  const fields = [
    ...options.keys.map((field) => ({ field, role: 'key', from: 'entities' }) as const),
    ...options.request.map((field) => ({ field, role: 'request', from: 'request' }) as const),
  ];
  const columns: LoggedSpineColumn[] = [
    { name: 'row', role: 'row', type: 'int64' },
    { name: 'at', role: 'time', type: 'microseconds' },
    { name: 'prediction_id', role: 'passed', type: 'uuid' },
    ...fields.map(({ field, role }) => ({ name: field.name, role, type: 'json', field }) as const),
  ];
  if (label !== null)
    columns.push(
      { name: label.name, role: 'passed', type },
      { name: 'weight', role: 'passed', type: 'float64' },
      { name: 'mature', role: 'passed', type: 'bool' },
    );
  const selected = fields.map(({ field, from }) => sql`p.${sql.raw(from)} -> ${literal(field.name)}`);
  const query = label === null ? bare(options, selected) : labelled(options, { label, type, selected });
  return { columns, rows: streamCsv(store, query, options.signal) };
}

const ROW = sql`row_number() over (order by p.predicted_at, p.prediction_id) - 1,
  (extract(epoch from p.predicted_at) * 1000000)::bigint, p.prediction_id`;
const IN_ORDER = sql`order by p.predicted_at, p.prediction_id`;

function bare(options: LoggedSpineOptions, selected: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return sql`select ${sql.join([ROW, ...selected])} from larder.predictions p where ${chosen(options)} ${IN_ORDER}`;
}

interface Labelled {
  readonly label: LabelPolicy;
  readonly type: 'float64' | 'string';
  readonly selected: readonly RawBuilder<unknown>[];
}

function labelled(options: LoggedSpineOptions, { label, type, selected }: Labelled): RawBuilder<unknown> {
  const { project, model, asOf, from = new Date(0), to = asOf } = options;
  const horizon = sql`${literal(`${label.horizonMs} milliseconds`)}::interval`;
  const mature = sql`(p.predicted_at + ${horizon} <= ${literal(asOf)})`;
  const value =
    type === 'string'
      ? sql`l.value #>> '{}'`
      : sql`case l.value when 'true' then 1 when 'false' then 0 else (l.value #>> '{}')::float8 end`;
  const negative = label.onSilence === 'negative' ? sql`case when ${mature} then 0 end` : sql`null`;
  const kept = [
    options.immature === true ? null : mature,
    label.onSilence === 'negative' ? null : sql`(l.value is not null or not ${mature})`,
  ].filter((condition) => condition !== null);
  return sql`
    with labelled as materialized (${labelledPredictions({ project, model, policy: label, from, to, asOf })}),
    newest as (
      select distinct on (l.prediction_id) l.prediction_id, l.value, l.weight
      from labelled l join larder.predictions p using (prediction_id)
      where ${chosen(options)} and l.event_timestamp <= p.predicted_at + ${horizon}
      order by l.prediction_id, l.event_timestamp desc, l.label_id desc
    )
    select ${sql.join([
      ROW,
      ...selected,
      type === 'string' ? value : sql`coalesce(${value}, ${negative})`,
      sql`case when l.value is null then 1 else l.weight end`,
      mature,
    ])}
    from larder.predictions p left join newest l using (prediction_id)
    where ${sql.join([chosen(options), ...kept], sql` and `)}
    ${IN_ORDER}`;
}

function chosen(options: LoggedSpineOptions): RawBuilder<boolean> {
  const { project, model, version, asOf, from = new Date(0), to = asOf } = options;
  const conditions = [
    sql`p.project = ${literal(project)}`,
    sql`p.model = ${literal(model)}`,
    sql`p.predicted_at >= ${literal(from)}`,
    sql`p.predicted_at < ${literal(to)}`,
    sql`p.logged_at < ${literal(asOf)}`,
  ];
  if (version !== undefined) conditions.push(sql`p.version = ${literal(version)}`);
  return sql<boolean>`${sql.join(conditions, sql` and `)}`;
}

/** A set without the values would look complete, and train on their absence. */
function refuseHidden(fields: readonly FieldManifest[]): void {
  const hidden = fields.filter(({ sensitive }) => sensitive !== undefined).map(({ name }) => name);
  if (hidden.length === 0) return;
  throw new LarderError(
    'REQUEST_INVALID',
    `The prediction log does not keep the values of ${hidden.join(', ')}, declared sensitive. Build the training set from a spine of your own.`,
    { errors: hidden.map((name) => ({ pointer: `/${name}`, detail: 'is sensitive' })) },
  );
}

async function columnType(
  store: Pick<OfflineStore, 'db'>,
  { project, asOf }: LoggedSpineOptions,
  { name, onSilence }: LabelPolicy,
): Promise<'float64' | 'string'> {
  const { rows } = await sql<{ event_id: string }>`
    select event_id from larder.labels where project = ${project} and name = ${name}
      and jsonb_typeof(value) = 'string' and received_at < ${asOf.toISOString()} limit 1`.execute(store.db);
  const [text] = rows;
  if (text === undefined) return 'float64';
  if (onSilence === 'leave_out') return 'string';
  throw new LarderError(
    'REQUEST_INVALID',
    `The label ${name} has text values (event ${JSON.stringify(text.event_id)} is one), so a prediction without a label is not a negative. Declare onSilence: 'leave_out' in the label of the model.`,
    { errors: [{ pointer: '/label', detail: 'has text values' }] },
  );
}
