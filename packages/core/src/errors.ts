/**
 * Every error that leaves a Larder process, by its stable code. Codes are never renamed or reused;
 * `docs/reference/errors.md` has one line for each, held equal by a test.
 */
export const ERRORS = {
  REQUEST_INVALID: { status: 422, title: 'The request does not fit the contract', retryable: false },
  REQUEST_MALFORMED: { status: 400, title: 'The request cannot be read', retryable: false },
  REQUEST_TOO_LARGE: { status: 413, title: 'The request body is too large', retryable: false },
  HEADERS_TOO_LARGE: { status: 431, title: 'The address or the headers are too large', retryable: false },
  REQUEST_TIMED_OUT: { status: 408, title: 'The request did not arrive in time', retryable: true },
  EXPECTATION_UNSUPPORTED: { status: 417, title: 'The expectation cannot be met', retryable: false },
  HOST_NOT_ALLOWED: { status: 421, title: 'The host is not one of this service', retryable: false },
  CROSS_SITE_REFUSED: { status: 403, title: 'A page of another site may not write', retryable: false },
  KEY_REQUIRED: { status: 401, title: 'The request needs a valid API key', retryable: false },
  SCOPE_MISSING: { status: 403, title: 'The API key lacks a scope', retryable: false },
  RATE_LIMITED: { status: 429, title: 'The API key has used its rate', retryable: true },
  API_KEY_NOT_FOUND: { status: 404, title: 'There is no such API key', retryable: false },
  API_KEY_NOT_IN_FORCE: { status: 409, title: 'The API key is not in force any more', retryable: false },
  OVERLOADED: { status: 503, title: 'The process holds as much for its callers as it may', retryable: true },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is no such route', retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The route does not answer this method', retryable: false },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, title: 'The body must be JSON in UTF-8', retryable: false },
  DEFINITION_INVALID: { status: 422, title: 'The definitions are not valid', retryable: false },
  MANIFEST_INVALID: { status: 422, title: 'The manifest is not valid', retryable: false },
  CONFIGURATION_INVALID: { status: 500, title: 'The configuration is wrong', retryable: false },
  STACK_NOT_STARTED: { status: 500, title: 'The stack could not be started', retryable: false },
  DESTRUCTIVE_CHANGE: { status: 409, title: 'The change stops something that is served', retryable: false },
  CONFIG_OUTDATED: {
    status: 409,
    title: 'The configuration is older than what is applied',
    retryable: false,
  },
  BUDGET_EXCEEDED: {
    status: 422,
    title: 'The model costs more than its budget allows',
    retryable: false,
  },
  APPLY_CONFLICT: { status: 409, title: 'Somebody else applied meanwhile', retryable: false },
  PROJECT_NOT_FOUND: { status: 500, title: 'There is no such larder.config.ts', retryable: false },
  PROJECT_NOT_LOADABLE: { status: 500, title: 'larder.config.ts cannot be loaded', retryable: false },
  SERVICE_UNREACHABLE: { status: 503, title: 'The service cannot be reached', retryable: true },
  SERVICE_ANSWER_INVALID: {
    status: 502,
    title: 'The answer is not one of a Larder service',
    retryable: false,
  },
  SERVICE_OLDER: { status: 501, title: 'The service is older than this command line', retryable: false },
  DEFINITIONS_DIFFER: {
    status: 409,
    title: 'The definitions here are not those of the service',
    retryable: false,
  },
  INTERNAL: { status: 500, title: 'Something broke inside Larder', retryable: false },
  CALLER_LEFT: { status: 499, title: 'The caller left before the answer', retryable: true },
  TOO_MANY_STREAMS: { status: 429, title: 'Too many event streams are open', retryable: true },
  MODEL_NOT_FOUND: { status: 404, title: 'There is no such model', retryable: false },
  MODEL_VERSION_NOT_FOUND: { status: 404, title: 'The model version is not on record', retryable: false },
  MODEL_VERSION_BAD: { status: 409, title: 'The model version is marked as bad', retryable: false },
  MODEL_VERSION_INCOMPLETE: {
    status: 409,
    title: 'The views of the model version are still being filled',
    retryable: false,
  },
  MODEL_VERSION_COLLECTED: {
    status: 410,
    title: 'The artifact of the model version is no longer kept',
    retryable: false,
  },
  ALIAS_NOT_FOUND: { status: 404, title: 'The model has no such alias', retryable: false },
  ALIAS_MOVED: { status: 412, title: 'Somebody else moved the alias', retryable: false },
  PRECONDITION_REQUIRED: { status: 428, title: 'The request must say what it starts from', retryable: false },
  ROLLBACK_IMPOSSIBLE: { status: 409, title: 'There is no version to roll back to', retryable: false },
  MODEL_NOT_READY: { status: 503, title: 'The model is not ready', retryable: true },
  DEFINITION_NOT_LOADED: {
    status: 503,
    title: 'The definition is not loaded in this process',
    retryable: true,
  },
  NATIVE_MODULE: {
    status: 422,
    title: 'An on-demand function needs a native module',
    retryable: false,
  },
  BUNDLE_IMPOSSIBLE: {
    status: 422,
    title: 'An on-demand function is not self-contained',
    retryable: false,
  },
  BUNDLE_INVALID: {
    status: 503,
    title: 'The bundle of an on-demand function cannot be loaded',
    retryable: false,
  },
  ON_DEMAND_FAILED: { status: 500, title: 'An on-demand function failed', retryable: false },
  OPTION_NOT_SUPPORTED: { status: 422, title: 'This version does not support the option', retryable: false },
  ONLINE_STORE_UNAVAILABLE: { status: 503, title: 'The online store does not answer', retryable: true },
  DATABASE_UNAVAILABLE: { status: 503, title: 'The database does not answer', retryable: true },
  DATABASE_TOO_OLD: { status: 503, title: 'The database is too old', retryable: false },
  DATABASE_NOT_MIGRATED: { status: 503, title: 'The database is not migrated', retryable: false },
  DEADLINE_EXCEEDED: { status: 504, title: 'The deadline passed', retryable: true },
  ERASURE_UNFINISHED: { status: 503, title: 'The erasure is not complete yet', retryable: true },
  RECEIPTS_UNAVAILABLE: {
    status: 503,
    title: 'Receipts of erasures cannot be kept or read',
    retryable: true,
  },
  RECEIPT_INVALID: { status: 422, title: 'An object among the receipts is not a receipt', retryable: false },
  ERASURE_NOT_FOUND: { status: 404, title: 'There is no such receipt of an erasure', retryable: false },
  ENTITY_NOT_FOUND: {
    status: 404,
    title: 'The online store holds nothing for this entity',
    retryable: false,
  },
  ENTITY_ERASED: { status: 410, title: 'The entity was erased', retryable: false },
  BACKFILL_NOT_SUPPORTED: {
    status: 409,
    title: 'The view has no source to read again',
    retryable: false,
  },
  PUSH_NOT_SUPPORTED: { status: 409, title: 'The view takes no pushed rows', retryable: false },
  EVENT_SOURCE_NOT_FOUND: { status: 404, title: 'There is no such event source', retryable: false },
  VIEW_NOT_FOUND: { status: 404, title: 'There is no such feature view', retryable: false },
  SPINE_INVALID: { status: 422, title: 'The spine cannot be used', retryable: false },
  TRAINING_SET_ELSEWHERE: {
    status: 421,
    title: 'The files of the training set are elsewhere',
    retryable: false,
  },
  TRAINING_SET_FILES_GONE: { status: 410, title: 'The files of the training set are gone', retryable: false },
  TRAINING_SET_NOT_COMPLETE: { status: 409, title: 'The training set is not complete', retryable: false },
  TRAINING_SET_QUEUE_FULL: { status: 429, title: 'Too many training sets wait to be built', retryable: true },
  TRAINING_SET_NOT_FOUND: { status: 404, title: 'There is no such training set', retryable: false },
  TRAINING_SET_CHANGED: {
    status: 409,
    title: 'The training set cannot be built again as it was',
    retryable: false,
  },
  TRAINING_SET_STOPPED: { status: 503, title: 'The build was stopped before its end', retryable: true },
  FOLDER_NOT_EMPTY: { status: 409, title: 'The folder is not empty', retryable: false },
  DISK_FULL: { status: 507, title: 'The disk is full', retryable: true },
  RUN_NOT_FOUND: { status: 404, title: 'There is no such run', retryable: false },
  RUN_STATE_CONFLICT: { status: 409, title: 'The run is not in a state for this', retryable: false },
  FEED_EXPIRED: { status: 410, title: 'The feed of changes no longer reaches back so far', retryable: false },
  IDEMPOTENCY_KEY_REUSED: {
    status: 409,
    title: 'The Idempotency-Key was used for another request',
    retryable: false,
  },
  ARTIFACT_INVALID: { status: 422, title: 'The artifact folder cannot be used', retryable: false },
  ARTIFACT_NOT_FOUND: { status: 404, title: 'The artifact store does not have this', retryable: false },
  ARTIFACT_STORE_UNAVAILABLE: { status: 503, title: 'The artifact store does not answer', retryable: true },
  ARTIFACT_CACHE_UNAVAILABLE: {
    status: 503,
    title: 'The artifact cache cannot be written',
    retryable: true,
  },
  MODEL_SIGNATURE_MISMATCH: {
    status: 422,
    title: 'The model file does not fit its definition',
    retryable: false,
  },
  MODEL_GOLDEN_MISMATCH: {
    status: 422,
    title: 'The model does not reproduce its golden rows',
    retryable: false,
  },
  MODEL_OVERLOADED: { status: 503, title: 'The model has more to do than it can answer', retryable: true },
  MODEL_RUN_FAILED: { status: 503, title: 'The model could not be run', retryable: true },
  TEXT_INVALID: { status: 422, title: 'The row has no usable text', retryable: false },
  PICTURE_URL_INVALID: { status: 422, title: 'The picture has no usable address', retryable: false },
  PICTURE_HOST_NOT_ALLOWED: {
    status: 422,
    title: 'The picture is on a host that the project does not allow',
    retryable: false,
  },
  PICTURE_NOT_FOUND: { status: 422, title: 'There is no picture at this address', retryable: false },
  PICTURE_REFUSED: { status: 422, title: 'The host refuses to give the picture', retryable: false },
  PICTURE_REDIRECTED: { status: 422, title: 'The picture address redirects elsewhere', retryable: false },
  PICTURE_UNAVAILABLE: { status: 503, title: 'The host of the picture does not answer', retryable: true },
  PICTURE_TIMEOUT: { status: 504, title: 'The picture took too long', retryable: true },
  PICTURE_TOO_LARGE: { status: 422, title: 'The picture has too many pixels or bytes', retryable: false },
  PICTURE_TOO_MANY_SCANS: {
    status: 422,
    title: 'The picture has more scans than are decoded',
    retryable: false,
  },
  PICTURE_UNREADABLE: { status: 422, title: 'The picture cannot be decoded', retryable: false },
  PICTURE_ADDRESS_PRIVATE: {
    status: 422,
    title: 'The host of the picture is not on the public internet',
    retryable: false,
  },
  PICTURE_ANSWER_INVALID: {
    status: 422,
    title: 'The host does not give a plain HTTP answer',
    retryable: false,
  },
  PICTURE_FORMAT_UNSUPPORTED: {
    status: 422,
    title: 'The content is not a picture of a supported format',
    retryable: false,
  },
  PICTURE_DECODE_TIMEOUT: { status: 504, title: 'The picture took too long to decode', retryable: true },
  PICTURE_DECODER_DIED: {
    status: 422,
    title: 'The picture ended the process that decodes',
    retryable: false,
  },
  FEATURE_VALUE_INVALID: {
    status: 422,
    title: 'A value does not fit what the view declares',
    retryable: false,
  },
  EVENT_TIMESTAMP_IN_FUTURE: {
    status: 422,
    title: 'The event timestamp lies in the future',
    retryable: false,
  },
  HISTORY_MISSING: { status: 409, title: 'The view has no history in this database', retryable: false },
  HISTORY_ROW_EXISTS: { status: 409, title: 'The history already has this row', retryable: false },
  EVENT_SOURCE_IMMUTABLE: {
    status: 409,
    title: 'Fields of an applied event source cannot change',
    retryable: false,
  },
  VIEW_VERSION_IMMUTABLE: { status: 409, title: 'An applied version cannot change', retryable: false },
  VIEW_IN_USE: { status: 409, title: 'A served model version reads the view', retryable: false },
  CODE_CHANGED: { status: 409, title: 'The code of an applied definition changed', retryable: false },
  ENTITY_KEY_INVALID: { status: 422, title: 'The entity key cannot be used', retryable: false },
  ONLINE_STORE_FULL: { status: 503, title: 'The online store is full', retryable: true },
  REDIS_COMMAND_REFUSED: { status: 500, title: 'Redis refuses a command', retryable: false },
  REDIS_POLICY_WRONG: { status: 500, title: 'Redis would evict data', retryable: false },
  SOURCE_UNAVAILABLE: { status: 503, title: 'A source does not answer', retryable: true },
  SOURCE_TIMED_OUT: { status: 504, title: 'The query of a source took too long', retryable: true },
  SOURCE_QUERY_INVALID: { status: 422, title: 'The query of a source cannot be used', retryable: false },
  SOURCE_NOT_CONFIGURED: { status: 422, title: 'A source connection has no address', retryable: false },
  SOURCE_ROW_NOT_FOUND: { status: 404, title: 'A source has no row of this entity', retryable: false },
  PREDICTION_NOT_FOUND: { status: 404, title: 'The prediction is not in the log', retryable: false },
  RETENTION_TOO_SHORT: {
    status: 422,
    title: 'The prediction log would outlive the history that it points to',
    retryable: false,
  },
  QUERY_TOO_SLOW: { status: 422, title: 'The query would read too much', retryable: false },
  PREDICTION_NOT_PRECOMPUTED: {
    status: 409,
    title: 'No precomputed prediction can be used',
    retryable: false,
  },
  PREDICTION_NOT_LOGGED: { status: 503, title: 'The prediction could not be logged', retryable: true },
  LABEL_CONFLICT: {
    status: 409,
    title: 'The event is on record with another content',
    retryable: false,
  },
  EVENT_TIMESTAMP_TOO_OLD: {
    status: 422,
    title: 'An event timestamp lies before the horizon of the project',
    retryable: false,
  },
  EVENT_TIMESTAMP_INVALID: { status: 422, title: 'A row has no usable timestamp', retryable: false },
  COMPUTATION_FAILED: { status: 500, title: 'A computation failed', retryable: true },
  COMPUTATION_TIMED_OUT: {
    status: 504,
    title: 'The time of a batch was up before a row was computed',
    retryable: true,
  },
  ARCHIVE_FOLDER_REFUSED: { status: 409, title: 'The folder cannot be the archive', retryable: false },
  ARCHIVE_BEHIND: { status: 409, title: 'The archive does not have this history', retryable: false },
  ARCHIVE_INCOMPLETE: { status: 503, title: 'Files of the archive are missing', retryable: false },
  BACKUP_REFUSED: { status: 409, title: 'The backup cannot be written or loaded here', retryable: false },
  BACKUP_DAMAGED: { status: 422, title: 'The backup is not what was written', retryable: false },
  GONE_KEYS_HELD: {
    status: 409,
    title: 'A run would end more keys than its view allows',
    retryable: false,
  },
  DATA_FILE_INVALID: { status: 422, title: 'A file of rows cannot be used', retryable: false },
  WORK_MEMORY_EXCEEDED: {
    status: 503,
    title: 'The work needs more memory or disk space than it may use',
    retryable: false,
  },
  WORKER_LOST: { status: 503, title: 'The worker of a chunk stopped answering', retryable: true },
} as const satisfies Record<string, ErrorEntry>;

export interface ErrorEntry {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
}

export type ErrorCode = keyof typeof ERRORS;

/** One wrong member of the input: a JSON pointer (RFC 6901) and what to do about it. */
export interface ErrorDetail {
  readonly pointer: string;
  readonly detail: string;
}

export interface LarderErrorOptions {
  readonly cause?: unknown;
  readonly errors?: readonly ErrorDetail[];
  /** Sent as `Retry-After` with 429 and 503. */
  readonly retryAfterSeconds?: number;
  /** Of the service that refused, if it was another process: its log has more under this id. */
  readonly requestId?: string | undefined;
}

const BRAND = Symbol.for('larder.error');

/** An expected failure with a stable code. `message` says what was wrong, where, and what to do. */
export class LarderError extends Error {
  readonly code: ErrorCode;
  readonly errors: readonly ErrorDetail[];
  readonly retryAfterSeconds: number | undefined;
  readonly requestId: string | undefined;
  readonly [BRAND] = true;

  constructor(code: ErrorCode, message: string, options: LarderErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LarderError';
    this.code = code;
    this.errors = options.errors ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.requestId = options.requestId;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

/** True also for an error made by another copy of this package (workers, published bundles). */
export function isLarderError(error: unknown): error is LarderError {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/** Anything thrown, as a `LarderError`; what is not one already becomes `INTERNAL` with its cause. */
export function toLarderError(error: unknown): LarderError {
  if (isLarderError(error)) return error;
  return new LarderError('INTERNAL', 'An unexpected error happened; the log has it under this request id.', {
    cause: error,
  });
}
