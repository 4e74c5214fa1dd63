// Signing in: as a screen of its own, or as a dialog over a desk whose session ended.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Field } from '../parts/bits';
import { Problem } from '../http';
import { Modal } from '../parts/dialogs';
import { confirm, settle, signIn, user } from '../session';
import { explain, t } from '../strings';

function sentence(problem: unknown): string {
  if (problem instanceof Problem && problem.status === 429) {
    return t.signIn.wait(t.problems.inSeconds(problem.retryAfter ?? 60));
  }
  const wrong = problem instanceof Problem && [400, 401, 422].includes(problem.status);
  return wrong ? t.signIn.wrong : explain(problem);
}

function PasswordField({ focus = true, error }: { focus?: boolean; error: string }) {
  return (
    <>
      <Field id="password" label={t.signIn.password}>
        <input
          id="password"
          name="password"
          type="password"
          required
          autocomplete="current-password"
          autofocus={focus}
          aria-describedby="password-error"
        />
      </Field>
      <p class="error" role="alert" id="password-error">
        {error}
      </p>
    </>
  );
}

function SignInForm({ email }: { email: string }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError('');
    try {
      await signIn(String(form.get('email')).trim(), String(form.get('password')));
    } catch (problem) {
      setError(sentence(problem));
    }
    setBusy(false);
  };
  return (
    <form class="stack" onSubmit={(event) => void send(event)}>
      <Field id="email" label={t.signIn.email}>
        <input
          id="email"
          name="email"
          type="email"
          required
          autocomplete="username"
          defaultValue={email}
          autofocus={!email}
        />
      </Field>
      <PasswordField focus={Boolean(email)} error={error} />
      <button type="submit" class="primary" aria-disabled={busy}>
        {busy ? t.signIn.busy : t.signIn.submit}
      </button>
    </form>
  );
}

export function SignInView() {
  return (
    <main class="alone">
      <p class="brand">{t.product}</p>
      <h1>{t.signIn.title}</h1>
      <SignInForm email="" />
    </main>
  );
}

/** Asks for the password once more before something that could lock others out. */
export function ConfirmDialog() {
  const [error, setError] = useState('');
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    await confirm(String(form.get('password'))).catch((problem: unknown) => setError(explain(problem)));
  };
  return (
    <Modal title={t.signIn.confirm} onClose={() => settle(false)}>
      <form onSubmit={(event) => void send(event)}>
        <p>{t.signIn.confirmHint}</p>
        <input class="unseen" type="text" autocomplete="username" value={user.value?.email} readOnly tabIndex={-1} aria-hidden="true" />
        <PasswordField error={error} />
        <div class="buttons">
          <button type="submit" class="primary">
            {t.signIn.confirmSubmit}
          </button>
          <button type="button" onClick={() => settle(false)}>
            {t.common.cancel}
          </button>
        </div>
      </form>
    </Modal>
  );
}

export function SignInAgain() {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  // It cannot be closed: without a session nothing behind it would work.
  const stay = () => queueMicrotask(() => box.current?.isConnected && !box.current.open && box.current.showModal());
  return (
    <dialog ref={box} aria-labelledby="again-title" onCancel={(event) => event.preventDefault()} onClose={stay}>
      <h2 id="again-title">{t.signIn.ended}</h2>
      <p>{t.signIn.endedHint}</p>
      <SignInForm email={user.value?.email ?? ''} />
    </dialog>
  );
}
