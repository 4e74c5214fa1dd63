// Blocks of a site, or for owners of every site: the list, a look-up, adding.
import { useRef, useState } from 'preact/hooks';
import * as api from '../api';
import { Empty, Field } from '../parts/bits';
import { Choice } from '../parts/filters';
import { Paged, Table } from '../parts/list';
import { Outcome } from '../parts/outcome';
import { useAct, usePages } from '../parts/use';
import { isOwner, mayModerate, nameOf } from '../state/sites';
import { t } from '../strings';
import { tp } from '../strings-people';
import { fullTime } from '../time';
import type { Block, BlockTerms } from '../types';
import { BlockChange } from './block-change';

const tb = tp.blocks;

export function BlocksView({ site }: { site: string }) {
  const [everywhere, setEverywhere] = useState(false);
  const [meeting, setMeeting] = useState('');
  const of = everywhere ? '*' : site;
  const pages = usePages(`${of} ${meeting}`, 'blocks', (cursor) => api.listBlocks(of, meeting, cursor));
  const { run, note, error } = useAct();
  const remove = (block: Block) =>
    run(async () => {
      await api.removeBlock(block.site, block.id);
      pages.reload();
      return tb.removed(block.value);
    });
  const changed = (said: string) =>
    void run(async () => {
      pages.reload();
      return said;
    });
  const may = everywhere ? isOwner.value : mayModerate(site);
  return (
    <div class="stack">
      <p class="intro hint">{tb.intro}</p>
      {isOwner.value && (
        <div class="scope">
          <Choice
            label={tb.scope}
            value={everywhere ? '*' : ''}
            choices={[
              ['', nameOf(site)],
              ['*', tb.everywhere],
            ]}
            onPick={(scope) => setEverywhere(scope === '*')}
          />
        </div>
      )}
      <Lookup look={setMeeting} />
      <Paged of={pages} empty={<Empty title={meeting ? tb.noneMeet : tb.none} />}>
        {(blocks) => <Blocks blocks={blocks} may={may} remove={(block) => void remove(block)} changed={changed} />}
      </Paged>
      <Outcome note={note} error={error} />
      {may && <Add key={of} site={of} done={pages.reload} />}
    </div>
  );
}

function Lookup({ look }: { look: (value: string) => void }) {
  const [text, setText] = useState('');
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    look(text.trim());
  };
  return (
    <form class="filters" role="search" onSubmit={send}>
      <span class="search">
        <input
          type="search"
          value={text}
          maxLength={200}
          placeholder={tb.find}
          aria-label={tb.find}
          onInput={(event) => {
            setText(event.currentTarget.value);
            if (event.currentTarget.value === '') look('');
          }}
        />
      </span>
      <button type="submit">{tb.findSubmit}</button>
    </form>
  );
}

interface BlocksProps {
  blocks: Block[];
  may: boolean;
  remove: (block: Block) => void;
  changed: (said: string) => void;
}

function Blocks({ blocks, may, remove, changed }: BlocksProps) {
  const [changing, setChanging] = useState('');
  const back = useRef(''); // to whose button the focus returns
  const heads = [tb.blocked, tb.effect, tb.ends, tb.hits, ...(may ? [<span class="unseen">{t.row.actions}</span>] : [])];
  return (
    <Table heads={heads}>
      {blocks.map((block) =>
        block.id === changing ? (
          <tr key={block.id}>
            <td colSpan={heads.length}>
              <BlockChange
                block={block}
                done={(said) => {
                  back.current = block.id;
                  setChanging('');
                  if (said) changed(said);
                }}
              />
            </td>
          </tr>
        ) : (
          <tr key={block.id}>
            <td data-label={tb.blocked}>
              <span>
                <bdi class="email">{block.value}</bdi> <span class="meta">{tb.kinds[block.kind]}</span>
                {block.reason && <span class="meta"> · {block.reason}</span>}
              </span>
            </td>
            <td data-label={tb.effect}>{tb.effects[block.effect]}</td>
            <td data-label={tb.ends}>{block.ended ? tb.ended : block.until ? fullTime(block.until) : tb.never}</td>
            <td data-label={tb.hits}>{tb.times(block.hits)}</td>
            {may && (
              <td>
                <span class="buttons">
                  <button
                    type="button"
                    aria-label={tb.changeOf(block.value)}
                    onClick={() => setChanging(block.id)}
                    ref={(button) => {
                      if (!button || back.current !== block.id) return;
                      back.current = '';
                      button.focus();
                    }}
                  >
                    {tb.change}
                  </button>
                  <button type="button" aria-label={tb.removeOf(block.value)} onClick={() => remove(block)}>
                    {tb.remove}
                  </button>
                </span>
              </td>
            )}
          </tr>
        ),
      )}
    </Table>
  );
}

const kinds = Object.entries(tb.kinds) as [Block['kind'], string][];
const effects = Object.entries(tb.effects) as [Block['effect'], string][];

/** Adds one entry, or many of one kind. */
function Add({ site, done }: { site: string; done: () => void }) {
  const form = useRef<HTMLFormElement>(null);
  const [kind, setKind] = useState<Block['kind']>('email');
  const [many, setMany] = useState(false);
  const [refused, setRefused] = useState<string[]>([]);
  const { run, busy, note, error } = useAct();
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const days = Number(data.get('days'));
    const terms: BlockTerms = { kind, effect: data.get('effect') as Block['effect'], reason: String(data.get('reason')).trim() };
    if (days > 0) terms.until = new Date(Date.now() + days * 864e5).toISOString();
    const value = String(data.get('value')).trim();
    void run(async () => {
      setRefused([]);
      const said = many ? await addAll(site, terms, value, setRefused) : tb.added((await api.addBlock(site, { ...terms, value })).value);
      const field = form.current?.elements.namedItem('value');
      if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.value = '';
      done();
      return said;
    });
  };
  return (
    <form ref={form} class="stack panel" onSubmit={send}>
      <h2>{many ? tb.list : tb.add}</h2>
      <Field id="block-kind" label={tb.kind}>
        <select id="block-kind" value={kind} onChange={(event) => setKind(event.currentTarget.value as Block['kind'])}>
          {kinds.map(([code, text]) => (
            <option key={code} value={code}>
              {text}
            </option>
          ))}
        </select>
      </Field>
      <Field id="block-value" label={many ? tb.entries : tb.value} hint={many ? tb.listHint : undefined} error={error || undefined}>
        {many ? (
          <textarea id="block-value" name="value" class="mono" rows={6} required placeholder={tb.examples[kind]} aria-describedby="block-value-hint" />
        ) : (
          <input id="block-value" name="value" required maxLength={254} placeholder={tb.examples[kind]} autocomplete="off" />
        )}
      </Field>
      <Field id="block-effect" label={tb.effect}>
        <select id="block-effect" name="effect">
          {effects.map(([code, text]) => (
            <option key={code} value={code}>
              {text}
            </option>
          ))}
        </select>
      </Field>
      <Field id="block-days" label={tb.ends}>
        <select id="block-days" name="days">
          <option value="">{tp.say.forGood}</option>
          {tp.say.periods.map(([days, text]) => (
            <option key={days} value={days}>
              {text}
            </option>
          ))}
        </select>
      </Field>
      <Field id="block-reason" label={`${tb.reason} (${t.common.optional})`}>
        <input id="block-reason" name="reason" maxLength={100} />
      </Field>
      <div class="buttons">
        <button type="submit" class="primary" disabled={busy}>
          {many ? tb.listSubmit : tb.add}
        </button>
        <button type="button" class="quiet" onClick={() => setMany(!many)}>
          {many ? tb.add : tb.list}
        </button>
        <Outcome note={note} error="" />
      </div>
      {refused.length > 0 && (
        <div role="alert">
          {refused.map((one) => (
            <p key={one} class="error">
              {one}
            </p>
          ))}
        </div>
      )}
    </form>
  );
}

/** Entries of one request; more of them would not fit into the 32 KiB that a body may have. */
const atOnce = 400;

async function addAll(site: string, terms: BlockTerms, text: string, setRefused: (refused: string[]) => void): Promise<string> {
  const values = text.split(/\r?\n/);
  const refused: string[] = [];
  let [added, known] = [0, 0];
  for (let i = 0; i < values.length; i += atOnce) {
    const out = await api.importBlocks(site, { ...terms, values: values.slice(i, i + atOnce) });
    added += out.added;
    known += out.known;
    refused.push(...out.refused.map((one) => tb.refused(one.line + i, one.value, one.detail)));
  }
  setRefused(refused);
  return tb.imported(added, known);
}
