// The words of the webhook pages, which are loaded only when they are opened.
import { many } from './strings';

/** What each type of event tells; the first is what a new endpoint gets. */
export const eventTypes: [string, string][] = [
  ['comment.approved', 'A comment has become public, whoever or whatever approved it. The one to build on.'],
  ['comment.created', 'A comment has been posted; it may still wait for a moderator.'],
  ['comment.rejected', 'A comment has been rejected, and is not public any more if it was.'],
  ['comment.marked_spam', 'A comment has been taken for spam.'],
  ['comment.edited', 'Its author has changed the text.'],
  ['comment.deleted', 'A comment has been deleted, by its author or by staff.'],
  ['comment.restored', 'A comment that was decided waits for a decision again.'],
  ['comment.erased', 'A comment has been erased for good: forget your copy of it.'],
  ['comment.reported', 'A reader has reported a comment.'],
  ['page.closed', 'A page takes no new comments any more.'],
  ['page.opened', 'A page takes new comments again.'],
  ['endpoint.disabled', 'An endpoint of this site was given up after days of failures.'],
];

/** Names and sentences of targets; one that is not named here goes by its code. */
export const targetNames: Record<string, [string, string]> = {
  webhook: ['Standard Webhooks', 'Signed JSON for a program of your own.'],
  slack: ['Slack', 'A message in a channel. The URL is that of an incoming webhook.'],
  discord: ['Discord', 'A message in a channel. The URL is that of the channel’s webhook.'],
  teams: ['Microsoft Teams', 'A card in a channel. The URL is that of a workflow for incoming webhooks.'],
  telegram: ['Telegram', 'A message of a bot in a chat. The URL is https://api.telegram.org/bot, the bot’s token, /sendMessage.'],
  mattermost: ['Mattermost', 'A message in a channel. The URL is that of an incoming webhook.'],
  ntfy: ['ntfy', 'A notification on a topic. The URL is that of the server alone, such as https://ntfy.sh/.'],
  rebuild: ['Rebuild a site', 'One call for many changes, with the list of changed pages, for a static site.'],
};

interface Setting {
  label: string;
  hint: string;
  required?: boolean;
}

/** The settings of targets; those that are not named here have none. */
export const targetSettings: Record<string, Record<string, Setting>> = {
  telegram: {
    chat_id: { label: 'Chat', hint: 'The number of a chat, or the @name of a channel.', required: true },
    thread: { label: 'Topic', hint: 'The number of a topic of the chat, if it has topics.' },
  },
  ntfy: {
    topic: { label: 'Topic', hint: 'Letters, digits, hyphens and underscores.', required: true },
    priority: { label: 'Priority', hint: 'From 1 to 5; empty: the usual.' },
  },
  rebuild: {
    every: { label: 'At most one call in', hint: 'From 5s to 1h, such as 2m; empty: 30s.' },
  },
};

/** What a new endpoint of the target rebuild gets: all that changes what a page shows. */
export const rebuildTypes = [
  'comment.approved',
  'comment.rejected',
  'comment.marked_spam',
  'comment.deleted',
  'comment.restored',
  'comment.erased',
];

const ms = (n: number | null) => (n === null ? 'none yet' : `${n.toLocaleString('en')} ms`);
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });

export const th = {
  title: 'Webhooks',
  tabs: { '': 'Endpoints', verify: 'Verify a call' } as Record<string, string>,
  intro: 'Each endpoint gets signed events of this site, at least once and in the order of each comment.',
  empty: 'No endpoint yet. Add one to send this site’s events to your own service.',
  secretTitle: 'Signing secret',
  secretHint: 'Copy it now: it is shown only once. The receiver verifies each call with it.',
  state: { active: 'Active', paused: 'Paused', disabled: 'Disabled after failures', gone: 'Gone: the receiver answered 410' },
  modes: { full: 'Full events', thin: 'Ids only' },
  behind: 'Behind since',
  never: 'never',
  none: 'none',
  health: {
    share: 'Success share, newest 500',
    shareOf: (good: number, all: number) =>
      all ? `${percent.format(good / all)} (${good.toLocaleString('en')} of ${all.toLocaleString('en')})` : 'nothing sent yet',
    took: 'Answered in',
    tookOf: (p50: number | null, p95: number | null) => (p50 === null ? 'none yet' : `p50 ${ms(p50)}, p95 ${ms(p95)}`),
    next: 'Next call',
    notCalled: 'not while it is not active',
    owed: 'Owed',
    oldest: 'the oldest from',
    lastSuccess: 'Last success',
    lastFailure: 'Last failure',
    failures: 'Failures in a row',
    calls: 'Calls, last 24 hours',
    callsSentence: (good: number, bad: number) =>
      good + bad === 0 ? 'No calls in the last 24 hours.' : `Calls by hour over the last 24 hours: ${good} taken, ${bad} failed.`,
    times: 'Answer times, last 24 hours',
    timesSentence: (least: number | null, most: number | null) =>
      least === null
        ? 'No answer times in the last 24 hours.'
        : `Answer times by hour over the last 24 hours: half of the calls within ${ms(least)} to ${ms(most)}.`,
    legend: { good: 'taken', bad: 'failed', p50: 'p50', p95: 'p95' },
  },
  deliveries: 'Deliveries',
  edit: 'Edit',
  test: 'Send test',
  testing: 'A test event is on its way…',
  testDone: (how: string) => `The receiver took the test: ${how}.`,
  testFailed: (how: string) => `The test failed: ${how}. It will be tried again.`,
  testWaits: 'The test event has not been sent yet. It appears under deliveries.',
  testPaused: 'The test event waits: it is sent when the endpoint is active.',
  testSee: 'See the delivery',
  pause: 'Pause',
  resume: 'Resume',
  due: 'due',
  rotate: 'Rotate secret',
  rotateTitle: 'Rotate the secret?',
  rotateLegend: 'The secret in use now',
  rotateChoices: [
    ['24h', 'Signs beside the new one for 24 hours, so that the receiver can change over without a gap.'],
    ['7d', 'Signs beside the new one for 7 days.'],
    ['0s', 'Is void at once. For a secret that has leaked: calls fail until the receiver has the new one.'],
  ] as [string, string][],
  delete: 'Delete',
  deleteTitle: 'Delete this endpoint?',
  deleteHint: (owed: number) =>
    owed ? `${many(owed, 'delivery', 'deliveries')} still owed will not be sent.` : 'Nothing is owed to it.',
  replay: {
    button: 'Replay',
    title: 'Send past events again',
    legend: 'Which events',
    broken: 'What it missed: all that was given up and has not arrived since',
    range: 'Those of a time',
    since: 'From',
    until: 'To',
    untilHint: 'Empty: up to now.',
    preview: 'Count them',
    found: (n: number, first: string, last: string, more: boolean) =>
      n === 0 && !more
        ? 'There is nothing to send.'
        : `${many(n, 'event', 'events')}${more ? ' or more' : ''}${first && `, from ${first} to ${last}`}.`,
    start: (n: number, more: boolean) => (more ? 'Send them all' : `Send ${many(n, 'event', 'events')}`),
    started: (n: number) => `Replay of ${many(n, 'event', 'events')} started. It goes on behind what is new.`,
    progress: (sent: number, of: number) => `Replay: ${sent.toLocaleString('en')} of ${many(of, 'event', 'events')}`,
    cancel: 'Stop the replay',
    cancelled: 'The replay has been stopped.',
  },
  form: {
    add: 'Add an endpoint',
    addButton: 'Add endpoint',
    editTitle: 'Edit the endpoint',
    save: 'Save',
    cancel: 'Cancel',
    url: 'URL',
    checking: 'Checking…',
    hidden: 'The part that is the receiver’s token is not shown. To change the address, give all of it.',
    good: 'This address can be used.',
    goodAs: (url: string) => `This address can be used, as ${url}.`,
    types: 'Events',
    noTypes: 'Choose at least one event.',
    mode: 'How much it is told',
    modes: {
      full: ['Full events', 'The comment with its text, its page, who decided and why.'],
      thin: ['Ids only', 'What happened to which comment; the receiver asks the API for the rest.'],
    } as Record<'full' | 'thin', [string, string]>,
    target: 'Receiver',
    signing: 'Signatures',
    asymmetric: 'One by the site’s key pair too',
    asymmetricHint: 'Version v1a: whoever has the public key can verify it without the secret. Few receivers need it.',
    headers: 'Headers of its own',
    headersHint: 'Sent with each call, such as an API key. Values are sealed and not shown again.',
    headersKept: (names: string) => `Set now: ${names}. Their values are not shown.`,
    headersAnew: 'Replace them all',
    header: 'Header',
    value: 'Value',
    addHeader: 'Add a header',
    remove: (what: string) => `Remove ${what || 'this line'}`,
    saved: 'Endpoint saved.',
  },
  all: 'All',
  anyType: 'Any event',
  type: 'Event',
  since: 'From',
  until: 'To',
  states: { owed: 'Owed', delivered: 'Delivered', failed: 'Failed', cancelled: 'Cancelled' },
  noDeliveries: 'No deliveries.',
  col: { state: 'State', type: 'Event', attempts: 'Attempts', next: 'Next attempt', last: 'Last answer', made: 'Made' },
  delivery: 'Delivery',
  attempt: (n: number) => `Attempt ${n}`,
  request: 'Request',
  requestHint: 'The signature is made for each attempt and is not kept.',
  response: 'Response',
  noResponse: 'No response body.',
  body: 'Body sent',
  bodyRaw: 'As sent',
  bodyPretty: 'Indented',
  redeliver: 'Redeliver',
  redelivered: 'A new delivery of the same event is queued.',
  toComment: 'The comment',
  noAttempts: 'Not tried yet.',
  backToEndpoints: 'All endpoints',
  backToDeliveries: 'All deliveries',
};
