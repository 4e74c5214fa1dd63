// Signing in: as a screen of its own, or as a dialog over a desk whose session ended.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Field } from '../parts/bits';
import { Problem } from '../http';
import { signIn, user } from '../session';
import { explain, t } from '../strings';

function sentence(problem: unknown): string {
  if (problem instanceof Problem && problem.status === 429) {
    return t.signIn.wait(t.problems.inSeconds(problem.retryAfter ?? 60));
  }
  const wrong = problem instanceof Problem && [400, 401, 422].includes(problem.status);
  return wrong ? t.signIn.wrong : explain(problem);
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
      <Field id="password" label={t.signIn.password}>
        <input
          id="password"
          name="password"
          type="password"
          required
          autocomplete="current-password"
          autofocus={Boolean(email)}
          aria-describedby={error ? 'sign-in-error' : undefined}
        />
      </Field>
      <p class="error" role="alert" id="sign-in-error">
        {error}
      </p>
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
