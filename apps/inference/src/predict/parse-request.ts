/*
 * Parses the envelope of predict and predict-batch by hand: a schema library would cost as much as the rest of the
 * request. `parse-request.test.ts` checks it against the schemas of @larder/contracts.
 */
import { jsonPointer, LarderError, MAX_PROBLEMS, requestInvalid, type ErrorDetail } from '@larder/core';
import { ALIAS_NAME, MAX_BATCH_ROWS, MAX_DEADLINE_MS, MAX_MODEL_VERSION } from '@larder/contracts';
import type { PredictMode } from '@larder/features';
import type { InputRow } from '@larder/serving';

interface ParsedOptions {
  /** A number, or the name of an alias. */
  readonly version: number | string | undefined;
  readonly deadlineMs: number | undefined;
  readonly features: boolean;
  /** Undefined: as the model declares. */
  readonly mode: PredictMode | undefined;
}

export interface ParsedPredict {
  readonly rows: readonly InputRow[];
  readonly shared: InputRow | undefined;
  readonly options: ParsedOptions;
}

type Json = Readonly<Record<string, unknown>>;

const DEFAULTS: ParsedOptions = {
  version: undefined,
  deadlineMs: undefined,
  features: false,
  mode: undefined,
};

/** @throws REQUEST_INVALID, OPTION_NOT_SUPPORTED */
export function parsePredict(json: unknown): ParsedPredict {
  const problems: ErrorDetail[] = [];
  if (!isObject(json)) throw requestInvalid([{ pointer: '', detail: 'must be an object' }]);
  for (const name in json)
    if (name !== 'entities' && name !== 'request' && name !== 'options') unknown(problems, '', name);
  const options = parseOptions(json.options, problems);
  if (problems.length > 0) throw requestInvalid(problems);
  return { rows: [json], shared: undefined, options };
}

/** @throws REQUEST_INVALID, OPTION_NOT_SUPPORTED */
export function parsePredictBatch(json: unknown): ParsedPredict {
  const problems: ErrorDetail[] = [];
  if (!isObject(json)) throw requestInvalid([{ pointer: '', detail: 'must be an object' }]);
  for (const name in json)
    if (name !== 'rows' && name !== 'shared' && name !== 'options') unknown(problems, '', name);
  const { rows, shared } = json;
  if (!Array.isArray(rows) || rows.length === 0 || rows.length > MAX_BATCH_ROWS)
    problems.push({ pointer: '/rows', detail: `must be an array of 1 to ${MAX_BATCH_ROWS} rows` });
  if (shared !== undefined) checkRow(shared, '/shared', problems);
  const options = parseOptions(json.options, problems);
  if (problems.length > 0) throw requestInvalid(problems);
  return { rows: rows as InputRow[], shared: shared as InputRow | undefined, options };
}

function checkRow(row: unknown, pointer: string, problems: ErrorDetail[]): void {
  if (!isObject(row)) problems.push({ pointer, detail: 'must be an object' });
  else
    for (const name in row) if (name !== 'entities' && name !== 'request') unknown(problems, pointer, name);
}

function parseOptions(json: unknown, problems: ErrorDetail[]): ParsedOptions {
  if (json === undefined) return DEFAULTS;
  if (!isObject(json)) {
    problems.push({ pointer: '/options', detail: 'must be an object' });
    return DEFAULTS;
  }
  const { version, deadline_ms: deadlineMs, features, explain, mode } = json;
  const refuse = (name: string, detail: string) => problems.push({ pointer: `/options/${name}`, detail });
  for (const name in json) if (!OPTIONS.has(name)) unknown(problems, '/options', name);
  if (version !== undefined && !isInteger(version, 1, MAX_MODEL_VERSION) && !isAlias(version))
    refuse(
      'version',
      `must be a whole number from 1 to ${MAX_MODEL_VERSION}, without quotes, or the name of an alias`,
    );
  if (deadlineMs !== undefined && !isInteger(deadlineMs, 1, MAX_DEADLINE_MS))
    refuse('deadline_ms', `must be a whole number from 1 to ${MAX_DEADLINE_MS}`);
  if (features !== undefined && typeof features !== 'boolean') refuse('features', 'must be true or false');
  if (explain !== undefined && typeof explain !== 'boolean') refuse('explain', 'must be true or false');
  if (mode !== undefined && !MODES.has(mode))
    refuse('mode', "must be 'live', 'precomputed' or 'precomputed_or_live'");
  if (explain === true && problems.length === 0)
    throw new LarderError(
      'OPTION_NOT_SUPPORTED',
      'options.explain: this version of Larder does not explain predictions; omit it.',
      {
        errors: [{ pointer: '/options/explain', detail: 'is not supported yet' }],
      },
    );
  return {
    version: version as number | string | undefined,
    deadlineMs: deadlineMs as number | undefined,
    features: features === true,
    mode: mode as PredictMode | undefined,
  };
}

const MODES: ReadonlySet<unknown> = new Set<PredictMode>(['live', 'precomputed', 'precomputed_or_live']);
const OPTIONS = new Set(['version', 'deadline_ms', 'features', 'explain', 'mode']);

function isObject(json: unknown): json is Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function isAlias(value: unknown): boolean {
  return typeof value === 'string' && ALIAS_NAME.test(value);
}

function isInteger(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

function unknown(problems: ErrorDetail[], pointer: string, name: string): void {
  if (problems.length < MAX_PROBLEMS)
    problems.push({
      pointer: pointer + jsonPointer([name]),
      detail: 'is unknown',
    });
}
