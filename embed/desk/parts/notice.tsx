// A rule asks for a look: over whatever screen the moderator is at.
import { home } from '../place';
import { notice } from '../state/notice';
import { href } from '../state/router';
import { t } from '../strings';
import { Icon } from './icons';

export function Notice() {
  const now = notice.value;
  if (!now) return null;
  const close = () => (notice.value = null);
  return (
    <aside class="notice" aria-label={t.notice.label}>
      <Icon name="flag" />
      <span>
        {t.notice.matched} <b>{now.rule}</b>
      </span>
      <a href={href(home, { open: now.id })} onClick={close}>
        {t.notice.see}
      </a>
      <button type="button" class="plain" aria-label={t.notice.dismiss} onClick={close}>
        ×
      </button>
    </aside>
  );
}
