// Paste a call and see which part of it fails, beside programs that verify one.
// What is pasted stays in this browser: a secret is no business of the server's.
import { useState } from 'preact/hooks';
import { Field } from '../parts/bits';
import { Icon, type IconName } from '../parts/icons';
import { serverNow } from '../http';
import go from '../receivers/go.txt';
import node from '../receivers/node.txt';
import php from '../receivers/php.txt';
import python from '../receivers/python.txt';
import ruby from '../receivers/ruby.txt';
import { t } from '../strings';
import { tv } from '../strings-verify';
import { type Finding, type Look, verify } from '../verify';

export function VerifyView() {
  return (
    <div class="verify">
      <Check />
      <Receivers />
    </div>
  );
}

function Check() {
  const [found, setFound] = useState<Finding[] | null>(null);
  const check = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const get = (name: string) => String(form.get(name));
    // A form's text has other line ends than its field.
    const body = get('body').replaceAll('\r\n', '\n');
    void verify({ headers: get('headers'), body, secret: get('secret'), now: serverNow() }).then(setFound);
  };
  return (
    <section class="stack" aria-labelledby="verify-title">
      <h2 id="verify-title">{tv.title}</h2>
      <p class="intro">{tv.intro}</p>
      {!globalThis.isSecureContext && <p class="bad">{tv.unsafe}</p>}
      <form class="stack" onSubmit={check} onInput={() => setFound(null)} autocomplete="off">
        <Field id="verify-headers" label={tv.headers} hint={tv.headersHint}>
          <textarea
            id="verify-headers"
            name="headers"
            class="mono"
            rows={4}
            required
            spellcheck={false}
            placeholder={'webhook-id: …\nwebhook-timestamp: …\nwebhook-signature: v1,…'}
            aria-describedby="verify-headers-hint"
          />
        </Field>
        <Field id="verify-body" label={tv.body} hint={tv.bodyHint}>
          <textarea id="verify-body" name="body" class="mono" rows={6} required spellcheck={false} aria-describedby="verify-body-hint" />
        </Field>
        <Field id="verify-secret" label={`${tv.secret} (${t.common.optional})`} hint={tv.secretHint}>
          <input
            id="verify-secret"
            name="secret"
            type="password"
            autocomplete="off"
            placeholder="whsec_… / whpk_…"
            aria-describedby="verify-secret-hint"
          />
        </Field>
        <div class="buttons">
          <button type="submit" class="primary">
            {tv.check}
          </button>
        </div>
      </form>
      <div role="status">{found && <Findings found={found} />}</div>
    </section>
  );
}

const looks: Record<Look, [tone: string, icon: IconName]> = {
  ok: ['good', 'tick'],
  bad: ['bad', 'cross'],
  skip: ['meta', 'slash'],
};

function Findings({ found }: { found: Finding[] }) {
  const bad = found.filter(({ look }) => look === 'bad').length;
  const skipped = found.some(({ look }) => look === 'skip');
  return (
    <>
      <p class={bad > 0 ? 'bad' : 'good'}>
        <b>{bad > 0 ? tv.bad(bad) : skipped ? tv.partly : tv.good}</b>
      </p>
      <ul class="findings">
        {found.map(({ part, look, text }) => (
          <li key={part}>
            <span class={looks[look][0]}>
              <Icon name={looks[look][1]} />
              <span class="unseen">{tv.looks[look]}: </span>
            </span>
            <p>
              <b>{part}</b> {text}
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}

const programs = { 'Node.js': node, Go: go, Python: python, PHP: php, Ruby: ruby };

function Receivers() {
  const [language, setLanguage] = useState<keyof typeof programs>('Node.js');
  const [copied, setCopied] = useState(false);
  const pick = (next: string) => {
    setLanguage(next as keyof typeof programs);
    setCopied(false);
  };
  const copy = () => void navigator.clipboard.writeText(programs[language]).then(() => setCopied(true));
  return (
    <section class="stack" aria-labelledby="receivers-title">
      <h2 id="receivers-title">{tv.receivers}</h2>
      <p class="intro">{tv.receiversHint}</p>
      <div class="buttons">
        <select aria-label={tv.language} value={language} onChange={(event) => pick(event.currentTarget.value)}>
          {Object.keys(programs).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <button type="button" onClick={copy}>
          {copied ? t.common.copied : t.common.copy}
        </button>
      </div>
      <pre class="program" tabIndex={0} dir="ltr" aria-label={`${tv.receivers}: ${language}`}>
        {programs[language]}
      </pre>
    </section>
  );
}
