import type { ComponentChildren } from 'preact';
import type { ApiError } from '../Api/Client.ts';
import { t } from '../Text/Language.ts';
import { percentText } from '../Text/Units.ts';
import { Fish } from './Fish.tsx';
import { Icon, type IconName } from './Icons.tsx';

interface ButtonProps {
  readonly icon?: IconName;
  readonly text: string;
  /** Name for screen readers, if the text alone is not enough. */
  readonly label?: string;
  readonly look?: 'main' | 'plain' | 'bad';
  /** Shows the icon alone where there is little room. */
  readonly small?: boolean;
  readonly pressed?: boolean;
  readonly onPress: () => void;
}

export function Button({ icon, text, label, look = 'plain', small, pressed, onPress }: ButtonProps) {
  return (
    <button
      type="button"
      class={`button ${look}${small === true ? ' small' : ''}`}
      aria-label={label ?? text}
      aria-pressed={pressed}
      title={label ?? text}
      onClick={onPress}
    >
      {icon !== undefined && <Icon name={icon} />}
      <span>{text}</span>
    </button>
  );
}

interface BarProps {
  readonly label: string;
  readonly part: number;
  readonly whole: number;
  readonly moving?: boolean;
}

/** A progress bar with a fish at its head. */
export function Bar({ label, part, whole, moving = false }: BarProps) {
  const percent = whole === 0 ? 100 : Math.min(100, (part / whole) * 100);
  const done = percent >= 100;
  return (
    <div
      class={`bar${moving ? ' moving' : ''}${done ? ' done' : ''}`}
      role="progressbar"
      aria-label={label}
      aria-valuenow={Math.floor(percent)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={percentText(part, whole)}
    >
      <div class="fill" style={{ width: `${percent}%` }} />
      {moving && !done && (
        <div class="head" style={{ left: `${percent}%` }}>
          <Fish />
        </div>
      )}
    </div>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly hint?: string | undefined;
  readonly children?: ComponentChildren;
}

/** Notice in place of an empty list. */
export function Empty({ title, hint, children }: EmptyProps) {
  return (
    <div class="empty">
      <Fish />
      <h2>{title}</h2>
      {hint !== undefined && <p>{hint}</p>}
      {children}
    </div>
  );
}

export function Failure({ failure }: { readonly failure: ApiError }) {
  return (
    <div class="failure" role="alert">
      <Icon name="warn" />
      <p lang="en">
        <strong>{failure.message}</strong> {failure.hint}
      </p>
    </div>
  );
}

export function Loading() {
  return (
    <div class="loading" role="status">
      <Fish />
      <span class="unseen">{t('loading')}</span>
    </div>
  );
}
