// The desk's dialogs: native, modal, closed by Esc; focus returns to where it was.
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { decide, type Why } from '../state/decide';
import { help, question, rejecting } from '../state/dialogs';
import { keysOn } from '../state/ui';
import { t } from '../strings';

interface ModalProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}

export function Modal({ title, onClose, children }: ModalProps) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={box} aria-labelledby="dialog-title" onCancel={onClose} onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}

export function Dialogs() {
  return (
    <>
      {rejecting.value && <RejectDialog />}
      {question.value && <QuestionDialog />}
      {help.value && <HelpDialog />}
    </>
  );
}

function RejectDialog() {
  const close = () => (rejecting.value = null);
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const why: Why = { reason: String(form.get('reason')) };
    const note = String(form.get('note')).trim();
    if (note) why.note = note;
    const comments = rejecting.value ?? [];
    close();
    // After the dialog has given the focus back, so that the next row gets it last.
    requestAnimationFrame(() => decide('reject', comments, why));
  };
  return (
    <Modal title={t.reasons.title} onClose={close}>
      <form onSubmit={send}>
        <fieldset class="choices">
          <legend>{t.reasons.legend}</legend>
          {Object.entries(t.reasons.list).map(([code, label], i) => (
            <label key={code}>
              <input type="radio" name="reason" value={code} required defaultChecked={i === 0} autofocus={i === 0} />
              {label}
            </label>
          ))}
        </fieldset>
        <div class="field">
          <label for="note">
            {t.reasons.note} <span class="hint">({t.common.optional})</span>
          </label>
          <textarea id="note" name="note" rows={2} maxLength={1000} aria-describedby="note-hint" />
          <p class="hint" id="note-hint">
            {t.reasons.noteHint}
          </p>
        </div>
        <Buttons verb={t.verb.reject} danger close={close} />
      </form>
    </Modal>
  );
}

function Buttons({ verb, danger, close }: { verb: string; danger?: boolean; close: () => void }) {
  return (
    <div class="buttons">
      <button type="submit" class={danger ? 'primary danger' : 'primary'}>
        {verb}
      </button>
      <button type="button" onClick={close}>
        {t.common.cancel}
      </button>
    </div>
  );
}

function QuestionDialog() {
  const asked = question.value;
  const close = () => (question.value = null);
  if (!asked) return null;
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    close();
    asked.act();
  };
  return (
    <Modal title={asked.title} onClose={close}>
      <form onSubmit={send}>
        <p>{asked.hint}</p>
        <Buttons verb={asked.verb} danger close={close} />
      </form>
    </Modal>
  );
}

function HelpDialog() {
  const close = () => (help.value = false);
  return (
    <Modal title={t.keys.title} onClose={close}>
      <dl class="key-list">
        {t.keys.list.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="switch">
        <input type="checkbox" checked={keysOn.value} onChange={() => (keysOn.value = !keysOn.value)} />
        {t.keys.on}
      </label>
      <p class="hint">{t.keys.onHint}</p>
      <div class="buttons">
        <button type="button" onClick={close}>
          {t.common.close}
        </button>
      </div>
    </Modal>
  );
}
