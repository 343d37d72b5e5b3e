export { pushRows } from './push-rows.ts';
export type { PushDeps } from './push-rows.ts';
export { createPushGroups } from './push-groups.ts';
export type { GroupedPushRequest, PushGroups } from './push-groups.ts';
export type { PushRequest } from './accept-push.ts';
export type { PushResult } from './land-pushes.ts';
export type { RejectedRow } from './check-pushed-rows.ts';
export { countPushedRows } from './count-pushed-rows.ts';
