// One site option with its explanation. The value keeps the type that the
// server gave it: "on" stays a word, 4 stays a number.
import { options, type OptionText } from '../strings-options';
import { words } from '../strings-reasons';
import type { OptionValue } from '../types';
import { Field } from './bits';

interface OptionProps {
  name: string;
  value: OptionValue;
  numeric: boolean;
  onChange: (value: OptionValue) => void;
}

export function OptionField(props: OptionProps) {
  const text = options[props.name];
  if (text?.kind === 'switch' || typeof props.value === 'boolean') return <Switch {...props} text={text} />;
  const id = `option-${props.name}`;
  const common = { id, ...(text ? { 'aria-describedby': `${id}-hint` } : {}) };
  return (
    <Field id={id} label={text?.label ?? words(props.name)} hint={text?.hint}>
      {text?.choices ? (
        <select {...common} onChange={(event) => props.onChange(event.currentTarget.value)}>
          {text.choices.map(([code, label]) => (
            <option key={code} value={code} selected={code === props.value}>
              {label}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...common}
          class="short"
          required
          inputMode={props.numeric ? 'decimal' : 'text'}
          {...(props.numeric ? { pattern: '[0-9]+([.][0-9]+)?' } : {})}
          value={String(props.value)}
          onInput={({ currentTarget: { value } }) =>
            props.onChange(props.numeric && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value)
          }
        />
      )}
    </Field>
  );
}

function Switch({ name, value, onChange, text }: OptionProps & { text: OptionText | undefined }) {
  const id = `option-${name}`;
  const on = value === 'on' || value === true;
  const flip = () => onChange(typeof value === 'boolean' ? !value : on ? 'off' : 'on');
  return (
    <div class="field">
      <label class="switch">
        <input type="checkbox" id={id} checked={on} onChange={flip} {...(text ? { 'aria-describedby': `${id}-hint` } : {})} />
        {text?.label ?? words(name)}
      </label>
      {text && (
        <p class="hint" id={`${id}-hint`}>
          {text.hint}
        </p>
      )}
    </div>
  );
}
