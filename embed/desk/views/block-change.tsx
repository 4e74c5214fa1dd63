// Changes what a block does, why, and until when. What it looks at stays: that
// would be another block.
import { useEffect, useRef } from 'preact/hooks';
import * as api from '../api';
import { Field } from '../parts/bits';
import { Outcome } from '../parts/outcome';
import { useAct } from '../parts/use';
import { serverNow } from '../http';
import { t } from '../strings';
import { tp } from '../strings-people';
import { fullTime } from '../time';
import type { Block } from '../types';

const tb = tp.blocks;

interface ChangeProps {
  block: Block;
  /** With what to say, or without where nothing was changed. */
  done: (said?: string) => void;
}

export function BlockChange({ block, done }: ChangeProps) {
  const { run, busy, error } = useAct();
  const first = useRef<HTMLSelectElement>(null);
  useEffect(() => first.current?.focus(), []);
  const id = (field: string) => `change-${field}-${block.id}`;
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const days = String(data.get('days'));
    const change: api.BlockChange = { effect: data.get('effect') as Block['effect'], reason: String(data.get('reason')).trim() };
    if (days !== 'as-it-is') change.until = days === '' ? '' : new Date(serverNow() + Number(days) * 864e5).toISOString();
    void run(async () => {
      await api.changeBlock(block.site, block.id, change);
      done(tb.changed(block.value));
    });
  };
  return (
    <form class="stack" aria-label={tb.changeOf(block.value)} onSubmit={send}>
      <p>
        <bdi class="email">{block.value}</bdi> <span class="meta">{tb.kinds[block.kind]}</span>
      </p>
      <div class="inline wrap">
        <Field id={id('effect')} label={tb.effect}>
          <select id={id('effect')} name="effect" ref={first}>
            {Object.entries(tb.effects).map(([code, text]) => (
              <option key={code} value={code} selected={code === block.effect}>
                {text}
              </option>
            ))}
          </select>
        </Field>
        <Field id={id('days')} label={tb.ends}>
          <select id={id('days')} name="days">
            <option value="as-it-is">{block.until ? fullTime(block.until) : tb.never}</option>
            {block.until && <option value="">{tp.say.forGood}</option>}
            {tp.say.periods.map(([days, text]) => (
              <option key={days} value={days}>
                {tb.fromNow(text)}
              </option>
            ))}
          </select>
        </Field>
        <Field id={id('reason')} label={`${tb.reason} (${t.common.optional})`}>
          <input id={id('reason')} name="reason" maxLength={100} defaultValue={block.reason} />
        </Field>
      </div>
      <div class="buttons">
        <button type="submit" class="primary" disabled={busy}>
          {t.common.save}
        </button>
        <button type="button" class="quiet" onClick={() => done()}>
          {t.common.cancel}
        </button>
        <Outcome note="" error={error} />
      </div>
    </form>
  );
}
