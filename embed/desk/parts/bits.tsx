// Small pieces that every screen uses.
import type { ComponentChildren } from 'preact';
import { t } from '../strings';
import { minute, keysOn } from '../state/ui';
import { serverNow } from '../http';
import { ago, fullTime } from '../time';
import { Icon, type IconName } from './icons';

/** A moment as "3 hours ago", with the full date for pointer and screen reader. */
export function When({ at }: { at: string }) {
  void minute.value;
  return (
    <time dateTime={at} title={fullTime(at)}>
      {ago(at, serverNow())}
    </time>
  );
}

type Tone = 'plain' | 'ok' | 'danger' | 'warn' | 'spam' | 'info';

export function Chip({ tone = 'plain', icon, children }: { tone?: Tone; icon?: IconName; children: ComponentChildren }) {
  return (
    <span class={`chip ${tone}`}>
      {icon && <Icon name={icon} />}
      {children}
    </span>
  );
}

/** A key printed on its button; gone while keys are off. */
export function Key({ name }: { name: string }) {
  if (!keysOn.value) return null;
  return (
    <kbd aria-hidden="true" class="key">
      {name}
    </kbd>
  );
}

/** Grey bars in the shape of what is coming; they appear only after 200 ms. */
export function Skeleton({ rows = 5 }: { rows?: number }) {
  return (
    <div class="skeleton" role="img" aria-label={t.common.loading}>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i}>
          <i />
          <i />
          <i />
        </div>
      ))}
    </div>
  );
}

/** What failed, and the way to try again. */
export function Failure({ text, retry }: { text: string; retry: () => void }) {
  return (
    <div class="failure" role="alert">
      <p>{text}</p>
      <button type="button" onClick={retry}>
        {t.common.retry}
      </button>
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** A labelled field. `hint` and `error` are tied to it for screen readers. */
export function Field(props: {
  id: string;
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  children: ComponentChildren;
}) {
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      {props.children}
      {props.hint && (
        <p class="hint" id={`${props.id}-hint`}>
          {props.hint}
        </p>
      )}
      {props.error && (
        <p class="error" id={`${props.id}-error`}>
          {props.error}
        </p>
      )}
    </div>
  );
}
