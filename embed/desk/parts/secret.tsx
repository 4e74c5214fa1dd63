// Shows what is shown only once: a signing secret, a generated password.
import { useState } from 'preact/hooks';
import { secret } from '../state/dialogs';
import { t } from '../strings';
import { Modal } from './dialogs';

export function SecretDialog() {
  const shown = secret.value;
  const [copied, setCopied] = useState(false);
  if (!shown) return null;
  const close = () => (secret.value = null);
  const copy = () => void navigator.clipboard.writeText(shown.text).then(() => setCopied(true));
  return (
    <Modal title={shown.title} onClose={close}>
      <p>{shown.hint}</p>
      <output class="secret">{shown.text}</output>
      <div class="buttons">
        <button type="button" class="primary" onClick={copy}>
          {copied ? t.common.copied : t.common.copy}
        </button>
        <button type="button" onClick={close}>
          {t.common.close}
        </button>
        <span class="unseen" role="status">
          {copied ? t.common.copied : ''}
        </span>
      </div>
    </Modal>
  );
}
