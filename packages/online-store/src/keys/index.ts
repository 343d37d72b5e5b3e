// The texts of join keys alone, for code that never opens a connection: importing this loads no Redis client.
export { entityKey, entityKeyOfTexts, parseEntityKey } from './entity-key.ts';
