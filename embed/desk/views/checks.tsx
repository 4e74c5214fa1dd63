// The checks of a site that run elsewhere: what each is, what goes out, how it
// has been doing beside what people decided, and a text to try it with.
import { useState } from 'preact/hooks';
import * as api from '../api';
import { Chip, Empty, Failure, Field } from '../parts/bits';
import { Fact, Pending } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { ReasonChip } from '../parts/reasons';
import { SecretDialog } from '../parts/secret';
import { ForSite } from '../parts/sitepicker';
import { useAct, useLoaded } from '../parts/use';
import { question, secret } from '../state/dialogs';
import { hrefWith, param } from '../state/router';
import { kinds, tc } from '../strings-checks';
import type { Check, CheckHealth, CheckTrial } from '../types';
import { CheckFormView } from './check-form';

const form = param('form');

export function ChecksView() {
  return (
    <ForSite title={tc.title}>
      {(site) => (
        <>
          {form.value ? <CheckFormView key={site.key + form.value} site={site.key} id={form.value} /> : <List key={site.key} site={site.key} />}
          {secret.value && <SecretDialog />}
        </>
      )}
    </ForSite>
  );
}

function List({ site }: { site: string }) {
  const { data, trouble, reload } = useLoaded(site, () => api.listChecks(site));
  return (
    <>
      <p class="intro">{tc.intro}</p>
      <div class="buttons">
        <a class="button" href={hrefWith({ form: 'new' })}>
          {tc.add}
        </a>
      </div>
      <Pending of={{ data, trouble, reload }} rows={2} />
      {data?.checks.length === 0 && <Empty title={tc.empty} />}
      <ul class="endpoints">
        {data?.checks.map((one) => (
          <li key={one.id}>
            <OneCheck site={site} check={one} reload={reload} />
          </li>
        ))}
      </ul>
    </>
  );
}

function OneCheck({ site, check: one, reload }: { site: string; check: Check; reload: () => void }) {
  const health = useLoaded(one.id, () => api.checkHealth(site, one.id));
  const silence = tc.silences[one.silence];
  return (
    <article aria-label={one.name}>
      <h2>{one.name}</h2>
      <p class="buttons">
        <Chip tone={one.enabled ? 'ok' : 'warn'} icon={one.enabled ? 'tick' : 'clock'}>
          {one.enabled ? tc.on : tc.off}
        </Chip>
        <Chip>{kinds[one.kind].name}</Chip>
        <span class="meta mono">{one.url}</span>
      </p>
      <dl class="facts">
        <Fact name={tc.facts.when}>{tc.whens[one.when]?.[0]}, {one.deadline}</Fact>
        <Fact name={tc.facts.only}>{tc.onlys[one.only]}</Fact>
        <Fact name={tc.facts.most}>{tc.mosts[one.most]?.[0]}</Fact>
        <Fact name={tc.facts.silence}>
          {silence?.[0]}. <span class="meta">{silence?.[1]}</span>
        </Fact>
        <Fact name={tc.facts.sends}>{[...one.sends, ...one.send.map((field) => tc.extra[field])].join('; ')}</Fact>
      </dl>
      {health.trouble && <Failure text={health.trouble} retry={health.reload} />}
      {health.data && <Figures of={health.data} />}
      <Actions site={site} check={one} reload={reload} />
      <Trial site={site} check={one} />
    </article>
  );
}


function Figures({ of: h }: { of: CheckHealth }) {
  return (
    <dl class="facts" aria-label={tc.newest} title={tc.newest}>
      <Fact name={tc.facts.asked}>{h.asked.toLocaleString('en')}</Fact>
      <Fact name={tc.facts.answered}>{tc.took(h.p50_ms, h.p95_ms)}</Fact>
      <Fact name={tc.facts.silent} bad={h.silent * 10 > h.asked}>
        {tc.share(h.silent, h.asked)}
      </Fact>
      <Fact name={tc.facts.waiting}>{h.waiting.toLocaleString('en')}</Fact>
      <Fact name={tc.facts.agreed}>{tc.agreed(h.agreed, h.judged, h.flagged)}</Fact>
      <Fact name={tc.facts.missed}>{tc.missed(h.missed)}</Fact>
      <Fact name={tc.facts.state} bad={h.breaker !== 'closed'}>
        {tc.states[h.breaker]}
      </Fact>
    </dl>
  );
}

function Actions({ site, check: one, reload }: { site: string; check: Check; reload: () => void }) {
  const { run, busy, note, error } = useAct();
  const turn = () =>
    run(async () => {
      await api.changeCheck(site, one.id, { enabled: !one.enabled });
      reload();
    });
  const remove = () =>
    run(async () => {
      await api.removeCheck(site, one.id);
      reload();
    });
  const ask = () => {
    question.value = { title: tc.removeTitle, hint: tc.removeHint, verb: tc.remove, act: () => void remove() };
  };
  return (
    <>
      <div class="buttons">
        <a class="button" href={hrefWith({ form: one.id })}>
          {tc.edit}
        </a>
        <button type="button" disabled={busy} onClick={() => void turn()}>
          {one.enabled ? tc.turnOff : tc.turnOn}
        </button>
        <button type="button" class="danger" onClick={ask}>
          {tc.remove}
        </button>
      </div>
      <Outcome note={note} error={error} />
    </>
  );
}

function Trial({ site, check: one }: { site: string; check: Check }) {
  const { run, busy, note, error } = useAct();
  const [found, setFound] = useState<CheckTrial | null>(null);
  const id = `try-${one.id}`;
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget as HTMLFormElement).get('text'));
    void run(async () => {
      const got = await api.testCheck(site, one.id, text);
      setFound(got);
      return got.error ? `${tc.testNone}: ${got.error}` : got.later ? tc.testLater(got.later) : tc.testDone(got.ms);
    });
  };
  return (
    <details>
      <summary>{tc.test}</summary>
      <form class="stack trial" onSubmit={send}>
        <Field id={id} label={tc.testText} hint={tc.testHint}>
          <textarea id={id} name="text" rows={2} required maxLength={20000} dir="auto" aria-describedby={`${id}-hint`} defaultValue={tc.testSample} />
        </Field>
        <div class="buttons">
          <button type="submit" disabled={busy}>
            {tc.testSend}
          </button>
        </div>
        <Outcome note={note} error={error} />
        {found && <Exchange of={found} />}
      </form>
    </details>
  );
}

function Exchange({ of: found }: { of: CheckTrial }) {
  return (
    <>
      {found.evidence.map((reason, i) => (
        <p key={i} class="evidence">
          <ReasonChip reason={reason} />
          <span>{reason.sentence}</span>
        </p>
      ))}
      <h3>{tc.request}</h3>
      <pre class="source" tabIndex={0} dir="ltr">{found.request}</pre>
      <h3>{tc.response(found.status)}</h3>
      {found.response && <pre class="source" tabIndex={0} dir="ltr">{found.response}</pre>}
    </>
  );
}
