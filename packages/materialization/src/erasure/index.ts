export { forgetEntity } from './forget-entity.ts';
export type { EraseFromArchives, ForgetDeps, ForgetRequest } from './forget-entity.ts';
