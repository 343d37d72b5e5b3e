import {
  declaredDefault,
  decodeJsonValue,
  predictionOf,
  viewRef,
  type FeatureViewManifest,
  type FieldManifest,
  type FieldValue,
  type JsonValue,
} from '@larder/features';
import {
  compileRowCodec,
  compileTtlAtRead,
  type ReadPlan,
  type RowCodec,
  type ViewStatusOf,
} from '@larder/online-store';
import type { PlanOptions } from '../plan/compile-plan.ts';
import type { InputField, PlanView } from '../plan/compiled-plan.ts';

/** The views that hold predictions of the model, and how they are read with what the model itself reads. */
export interface PrecomputedPlan {
  /** The newest version first. */
  readonly views: readonly PrecomputedView[];
  /** Group of the plan whose entity they have. */
  readonly group: number;
  /** Views of the model in that group: a key's rows begin with them. */
  readonly modelViews: number;
  /** Reads the views of the model, and these after them. */
  readonly readAll: ReadPlan;
  /** Reads these alone. */
  readonly readPredictions: ReadPlan;
}

export interface PrecomputedView {
  readonly ref: string;
  readonly statusOf: ViewStatusOf;
  readonly codec: RowCodec;
  /** Of the outputs. */
  readonly outputs: readonly FieldManifest[];
  /** In the order of the plan's request fields; undefined: any value, the instant of the prediction was taken. */
  readonly constants: readonly (FieldValue | undefined)[];
  /** Request that it was computed for, as JSON, without the fields that have its instant; what the version of the plan takes. */
  readonly request: Readonly<Record<string, JsonValue>>;
  /** Names of the request fields that have its instant. */
  readonly runTimes: readonly string[];
}

export interface PrecomputedContext {
  readonly options: Pick<PlanOptions, 'onlineStore' | 'precomputed'>;
  readonly groups: readonly {
    readonly entity: { readonly name: string };
    readonly views: readonly number[];
  }[];
  readonly planViews: readonly PlanView[];
  readonly requestFields: readonly InputField[];
}

/** Null: no view holds predictions of the model for the entity that it reads. */
export function compilePrecomputed(context: PrecomputedContext): PrecomputedPlan | null {
  const { options, groups, planViews } = context;
  const { onlineStore, precomputed = [] } = options;
  const [group] = groups;
  const manifests = precomputed
    .filter(({ entity }) => entity === group?.entity.name)
    .toSorted((one, other) => other.version - one.version);
  if (group === undefined || groups.length > 1 || manifests.length === 0) return null;
  const ofModel = group.views.map((view) => (planViews[view] as PlanView).view);
  const entity = group.entity.name;
  return {
    views: manifests.map((view) => compileView(view, context)),
    group: 0,
    modelViews: ofModel.length,
    readAll: onlineStore.compileRead([{ entity, views: [...ofModel, ...manifests] }]),
    readPredictions: onlineStore.compileRead([{ entity, views: manifests }]),
  };
}

type RequestValue = 'run_time' | { readonly constant: JsonValue };

function compileView(
  view: FeatureViewManifest,
  { requestFields }: Pick<PrecomputedContext, 'requestFields'>,
): PrecomputedView {
  const { request = {} } = predictionOf(view) ?? {};
  const known = requestFields.filter(({ name, field }) => isOf(field, request[name]));
  const constants = known.flatMap(({ name }) => {
    const value = request[name];
    return value === undefined || value === 'run_time' ? [] : [[name, value.constant] as const];
  });
  return {
    ref: viewRef(view),
    statusOf: compileTtlAtRead(view),
    codec: compileRowCodec(view),
    outputs: view.schema.filter(({ name }) => name !== 'model_version'),
    constants: requestFields.map(({ name, field }) => constantOf(field, request[name])),
    request: Object.fromEntries(constants),
    runTimes: known.flatMap(({ name }) => (request[name] === 'run_time' ? [name] : [])),
  };
}

/** False for a field that another version of the model has, or has of another type: its callers give that one themselves. */
function isOf(field: FieldManifest, value: RequestValue | undefined): boolean {
  if (value === undefined) return false;
  return value === 'run_time' ? field.type === 'timestamp' : decodeJsonValue(field, value.constant).ok;
}

/** A field that the view does not know is one of another version of the model: its predictions are told apart by version. */
function constantOf(field: FieldManifest, value: RequestValue | undefined): FieldValue | undefined {
  if (value === undefined || value === 'run_time') return undefined;
  const decoded = decodeJsonValue(field, value.constant);
  return decoded.ok ? decoded.value : declaredDefault(field);
}
