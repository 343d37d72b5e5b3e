export {
  ACCESS_SETTINGS,
  accessSettings,
  isLoopbackHost,
  openDoorNotice,
  refuseOpenDoor,
} from './access-settings.ts';
export type { AccessSettings, AuthMode, PublicRoute } from './access-settings.ts';
export { artifactPlaces } from './artifact-places.ts';
export type { ArtifactPlaces } from './artifact-places.ts';
export { webhookAddress } from './webhook-address.ts';
export type { WebhookAddress } from './webhook-address.ts';
export { connectionsOf, givenSettings, readSettings } from './read-settings.ts';
export type { Environment, GivenSettings, Settings } from './read-settings.ts';
export { handDown } from './secret-files.ts';
export { CONNECTION_SETTING, SETTINGS } from './settings.ts';
export type { Setting, SettingName } from './settings.ts';
