export { allowEntityAgain } from './allow-entity-again.ts';
export { eraseFromArchivesHere, leaveArchivesToWorkers } from './archives.ts';
export { forgetEntity } from './forget-entity.ts';
export type { EraseFromArchives, ForgetDeps, ForgetRequest } from './forget-entity.ts';
export { receiptJson } from './receipt-json.ts';
export { replayErasures } from './replay-erasures.ts';
export type { ReplayedErasures } from './replay-erasures.ts';
