// Errors
export { ERRORS, LarderError, isLarderError, toLarderError } from './errors.ts';
export type { ErrorCode, ErrorDetail, ErrorEntry, LarderErrorOptions } from './errors.ts';
export { MAX_PROBLEMS, requestInvalid } from './request-invalid.ts';
// Who acts
export { actingAs, currentActor } from './acting-as.ts';
export type { Actor } from './acting-as.ts';
// Starting
export { cannotListen } from './cannot-listen.ts';
export type { ListenAddress } from './cannot-listen.ts';
export { exitCodeOf, readStartFailure, startFailure } from './start-failure.ts';
export type { StartFailure } from './start-failure.ts';
// Time
export { formatDurationMs, parseDurationMs } from './duration.ts';
export type { Duration } from './duration.ts';
export { instant } from './instant.ts';
export { systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export { startLoop } from './loop.ts';
export type { Loop } from './loop.ts';
// Rows
export { compareRowOrder, isNewer } from './row-order.ts';
export type { RowOrder } from './row-order.ts';
// Numbers
export { shortestFloat32 } from './float32.ts';
export { wholeNumberProblem } from './whole-number.ts';
// Addresses
export { postgresAddressProblem, redisAddressProblem } from './store-address.ts';
export { tlsProblem } from './tls-problem.ts';
export { isLoopbackAddress } from './service-address.ts';
// Names and ids
export { jsonPointer } from './json-pointer.ts';
export { NAME_PATTERN, isName } from './names.ts';
export { newId } from './ids.ts';
export { LARDER_VERSION } from './version.ts';
// For people
export { shellWord } from './shell-word.ts';
// Logging
export { createLogger } from './logger.ts';
export type { Logger, LoggerOptions, LogLevel } from './logger.ts';
