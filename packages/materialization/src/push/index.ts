export { pushRows } from './push-rows.ts';
export type { PushDeps, PushRequest, PushResult } from './push-rows.ts';
export type { RejectedRow } from './check-pushed-rows.ts';
