export { eraseFromArchivesHere, leaveArchivesToWorkers } from './archives.ts';
export { forgetEntity } from './forget-entity.ts';
export type { EraseFromArchives, ForgetDeps, ForgetRequest } from './forget-entity.ts';
export { receiptJson } from './receipt-json.ts';
