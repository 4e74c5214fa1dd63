// The pages of administration, in a file of their own: most moderators never
// leave the queue.
export { AccountView } from './account';
export { SettingsView } from './settings';
export { UsersView } from './users';
