// The words of the page of checks that run elsewhere.
import type { CheckKind } from './types';

interface Setting {
  name: string;
  label: string;
  hint: string;
  required?: boolean;
  long?: boolean;
  /** What a new check has. */
  usual?: string;
  choices?: [string, string][];
}

interface Kind {
  name: string;
  about: string;
  /** What goes out with each question. */
  goes: string;
  url: string;
  urlHint: string;
  secret: string;
  secretHint: string;
  settings: Setting[];
  /** Can be told e-mail and network addresses. */
  personal?: boolean;
  /** Too slow for readers to wait. */
  later?: boolean;
  most?: string;
}

const feedback = (usual: 'on' | 'off'): Setting => ({
  name: 'feedback',
  label: 'Tell it what people decide',
  hint: 'Each decision about a comment that it was asked about goes to it as well.',
  choices: usual === 'on' ? [['on', 'Yes'], ['off', 'No']] : [['off', 'No'], ['on', 'Yes']],
});

export const kinds: Record<CheckKind, Kind> = {
  http: {
    name: 'Your own program',
    about: 'Signed JSON to an address of yours; it may also answer later. See “Write a checker in 20 lines” in the manual.',
    goes: 'the text and its links; the page’s address and title; the author’s name and record on this site; the ids of comment and site',
    url: '',
    urlHint: 'Where your program listens.',
    secret: 'Signing secret',
    secretHint: 'Leave it empty and one is made; it is shown once.',
    settings: [feedback('off')],
    personal: true,
  },
  akismet: {
    name: 'Akismet',
    about: 'Finds spam that it has seen on other sites. It learns from your moderators.',
    goes: 'the text; the author’s name; the page’s address; the site’s address and language',
    url: 'https://rest.akismet.com',
    urlHint: 'Usually left as it is.',
    secret: 'API key',
    secretHint: 'From your account at Akismet.',
    settings: [
      { name: 'blog', label: 'Address of your site', hint: 'As it is registered at Akismet, such as https://www.example.org.', required: true },
      { ...feedback('on'), hint: 'Only where a moderator contradicts it.' },
      { name: 'test', label: 'Test calls', hint: 'Akismet learns nothing from test calls.', choices: [['off', 'No'], ['on', 'Yes']] },
    ],
    personal: true,
    most: 'spam',
  },
  perspective: {
    name: 'Score service (Perspective)',
    about: 'Scores for attributes such as TOXICITY, from any service that speaks like Perspective.',
    goes: 'the text; its language, where the setting names one',
    url: '',
    urlHint: 'The base address of the service.',
    secret: 'API key',
    secretHint: 'Empty, if the service asks for none.',
    settings: [
      { name: 'limits', label: 'Limits', hint: 'From which score an attribute counts: TOXICITY=0.8,INSULT=0.9', required: true, usual: 'TOXICITY=0.8' },
      { name: 'language', label: 'Language', hint: 'Such as en; empty: the service finds out.' },
    ],
  },
  openai: {
    name: 'Moderation service (OpenAI)',
    about: 'Scores for categories such as harassment, from OpenAI or a service of the same shape.',
    goes: 'the text',
    url: 'https://api.openai.com/v1',
    urlHint: 'The base address; /moderations is added.',
    secret: 'API key',
    secretHint: 'Empty, if the service asks for none.',
    settings: [
      { name: 'limits', label: 'Limits', hint: 'From which score a category counts; * is every other: harassment=0.7,*=0.9', required: true, usual: '*=0.8' },
      { name: 'model', label: 'Model', hint: 'As the service calls it.', required: true, usual: 'omni-moderation-latest' },
    ],
  },
  chat: {
    name: 'Language model',
    about: 'Asks a model about your house rules, also one on your own machine. Its word is a reason to look, never more.',
    goes: 'the text, up to 6,000 characters; the house rules from the setting',
    url: '',
    urlHint: 'The base address, such as http://127.0.0.1:11434/v1; /chat/completions is added.',
    secret: 'API key',
    secretHint: 'Empty, if the service asks for none.',
    settings: [
      { name: 'model', label: 'Model', hint: 'As the service calls it.', required: true },
      { name: 'rules', label: 'House rules', hint: 'In a few plain sentences. The model goes by them.', long: true, required: true, usual: 'No insults, threats, hatred, harassment or advertising. Harsh criticism and disagreement are welcome.' },
      { name: 'confidence', label: 'Least confidence', hint: 'From 0 to 1; below it, the model counts as unsure.', usual: '0.7' },
    ],
    later: true,
  },
  coral: {
    name: 'Phase made for Coral',
    about: 'An external moderation phase that you already have goes on working.',
    goes: 'the text; the page’s address; the ids of author, parent and site',
    url: '',
    urlHint: 'The address of the phase.',
    secret: 'Signing secret',
    secretHint: 'The one that the phase knows. Leave it empty and one is made; it is shown once.',
    settings: [
      { name: 'format', label: 'The text goes out as', hint: 'What the phase expects.', choices: [['html', 'HTML'], ['text', 'Plain text']] },
      { name: 'tenant', label: 'Tenant', hint: 'The tenantID that the phase expects, if any.' },
      { name: 'domain', label: 'Tenant domain', hint: 'The tenantDomain that the phase expects, if any.' },
    ],
  },
};

const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });
const number = (n: number) => n.toLocaleString('en');

export const tc = {
  title: 'Checks',
  intro:
    'Checks that run elsewhere: they are asked about comments, and what they answer is one more reason beside the others. None of them can approve a comment.',
  empty: 'No check runs elsewhere. Comments are examined by Afterword’s own checks alone.',
  add: 'Add a check',
  back: 'Checks',
  on: 'On',
  off: 'Off',
  turnOn: 'Switch on',
  turnOff: 'Switch off',
  edit: 'Edit',
  remove: 'Remove',
  removeTitle: 'Remove this check?',
  removeHint: 'Its key and settings are deleted. Comments that wait for it go by the other checks.',
  added: 'The check is there. Try it with a text below.',
  saved: 'Saved.',
  secretTitle: 'Signing secret',
  secretHint: 'Copy it now: it is shown only once. Your program checks each call with it, and signs later answers.',
  kind: 'Kind',
  name: 'Name',
  nameHint: 'Moderators see it beside each answer.',
  url: 'Address',
  keep: 'Leave it empty to keep the one that is stored. With another address it has to be given again.',
  when: 'When is it asked?',
  whens: {
    before: ['Before the comment is stored', 'The reader waits for the answer, two seconds at most.'],
    after: ['After the comment is stored', 'The reader does not wait. A comment that would be published waits for the answer.'],
  } as Record<string, [string, string]>,
  deadline: 'Time for an answer',
  deadlineHint: { before: 'From 100ms to 2s.', after: 'From 5s to 7d, such as 30s, 10m or 1d.' } as Record<string, string>,
  only: 'About which comments?',
  onlys: { all: 'All of them', newcomers: 'Those of newcomers', links: 'Those with links' } as Record<string, string>,
  silence: 'What does its silence mean?',
  silences: {
    hold: ['A person looks', 'The comment waits in the queue until a moderator decides.'],
    publish: ['The other checks decide', 'The comment is published, unless something else holds it.'],
    reject: ['Rejected', 'The comment is rejected. Moderators can still approve it.'],
  } as Record<string, [string, string]>,
  most: 'What may its answer do at most?',
  mosts: {
    hold: ['Hold', 'The comment waits, where your site’s mode lets comments wait.'],
    review: ['Hold, whatever the mode', 'A person looks first in any case.'],
    spam: ['Mark as spam', 'The comment goes to spam without a person.'],
    reject: ['Reject', 'The comment is rejected without a person.'],
  } as Record<string, [string, string]>,
  sends: 'What goes out with each question',
  sendsMore: 'Goes out only if you say so',
  sendEmail: ['The author’s e-mail address', 'As the reader gave it.'] as [string, string],
  sendIP: ['The reader’s network address and browser', 'Known only at the moment of posting and never stored: possible with “before” only.'] as [string, string],
  extra: { email: 'the author’s e-mail address', ip: 'the reader’s network address and browser' } as Record<string, string>,
  save: 'Save',
  cancel: 'Cancel',
  facts: {
    when: 'Asked',
    only: 'About',
    most: 'Its answer may at most',
    silence: 'Its silence means',
    sends: 'What goes out',
    asked: 'Questions',
    answered: 'Answered in',
    silent: 'No answer',
    waiting: 'Waiting for it',
    agreed: 'People agreed',
    missed: 'Missed',
    state: 'Connection',
  },
  took: (p50: number | null, p95: number | null) => (p50 === null ? 'not asked yet' : `p50 ${number(p50)} ms, p95 ${number(p95 ?? p50)} ms`),
  agreed: (agreed: number, judged: number, flagged: number) =>
    judged === 0
      ? `nothing decided yet (spoke against ${number(flagged)})`
      : `${percent.format(agreed / judged)}: ${number(agreed)} of ${number(judged)} that it spoke against`,
  missed: (n: number) => `${number(n)} rejected without its word`,
  share: (part: number, all: number) => (all === 0 ? '0' : `${number(part)} (${percent.format(part / all)})`),
  states: { closed: 'Working', open: 'Left alone after failures', probing: 'Being tried again' } as Record<string, string>,
  newest: 'Figures of the newest 2,000 questions.',
  test: 'Try it',
  testHint: 'The text goes to the service as a comment by a made-up reader. Nothing is stored.',
  testText: 'Text',
  testSample: 'This is a comment to try a check with.',
  testSend: 'Send',
  testDone: (ms: number) => `Answered in ${number(ms)} ms.`,
  testLater: (within: string) => `It will answer later, within ${within}.`,
  testNone: 'No opinion',
  request: 'What went out',
  response: (status: number | null) => (status === null ? 'There was no answer' : `What came back: status ${status}`),
};
