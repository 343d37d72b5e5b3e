export { allowEntityAgain } from './allow-entity-again.ts';
export { eraseFromArchivesHere, leaveArchivesToWorkers } from './archives.ts';
export { forgetEntity } from './forget-entity.ts';
export type { EraseFromArchives, ForgetDeps, ForgetRequest } from './forget-entity.ts';
export { readKeptReceipts } from './kept-receipts.ts';
export type { KeptReceipts, ReceiptPlace } from './kept-receipts.ts';
export { receiptJson } from './receipt-json.ts';
export { replayErasures } from './replay-erasures.ts';
export type { ReplayedErasures } from './replay-erasures.ts';
