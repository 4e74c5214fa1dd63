// The desk's dialogs: native, modal, closed by Esc; focus returns to where it was.
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { help, question, rejecting } from '../state/dialogs';
import { keysOn } from '../state/ui';
import { t } from '../strings';
import { lazy } from './lazy';

const RejectDialog = lazy(async () => (await import('./reject')).RejectDialog);

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

export function Buttons({ verb, danger, close }: { verb: string; danger?: boolean; close: () => void }) {
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
