// The pages of administration. They are loaded when one of them is first
// opened: most moderators never leave the queue.
import { AccountView } from './account';
import { SettingsView } from './settings';
import { UsersView } from './users';
import { WebhooksView } from './webhooks';

export const pages = {
  webhooks: WebhooksView,
  settings: SettingsView,
  users: UsersView,
  account: AccountView,
};
