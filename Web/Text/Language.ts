import { computed, signal } from '@preact/signals';
import { de } from './de.ts';
import { en, type TextKey, type Texts } from './en.ts';
import { es } from './es.ts';
import { pt } from './pt.ts';

export type Language = 'en' | 'pt' | 'de' | 'es';
export type Values = Readonly<Record<string, string | number>>;

const TEXTS: Readonly<Record<Language, Texts>> = { en, pt, de, es };
export const LANGUAGES: Readonly<Record<Language, string>> = {
  en: 'English',
  pt: 'Português',
  de: 'Deutsch',
  es: 'Español',
};
const KEY = 'shoal.language';

/** The first language of the user that the page has. */
export function languageFor(wanted: readonly string[]): Language {
  const known = wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in TEXTS);
  return (known as Language | undefined) ?? 'en';
}

export const language = signal<Language>('en');
/** The Portuguese of the page is that of Portugal: 0 is a plural there. */
const plurals = computed(() => new Intl.PluralRules(language.value === 'pt' ? 'pt-PT' : language.value));

export function useLanguageOfUser(): void {
  const kept = localStorage.getItem(KEY);
  setLanguage(languageFor(kept === null ? navigator.languages : [kept]), kept !== null);
}

export function setLanguage(to: Language, keep = true): void {
  language.value = to;
  document.documentElement.lang = to;
  if (keep) localStorage.setItem(KEY, to);
}

/** A text in the language of the user. Values are put in as they are: the page shows them as text nodes. */
export function t(key: TextKey, values: Values = {}): string {
  return TEXTS[language.value][key].replace(/\{(\w+)\}/g, (whole, name: string) =>
    String(values[name] ?? whole),
  );
}

/** A text by number: `n` is formatted for the user. */
export function count(key: 'files.count' | 'sources' | 'doctor.problems', n: number): string {
  const form = plurals.value.select(n) === 'one' ? 'one' : 'other';
  return t(`${key}.${form}`, { n: n.toLocaleString(language.value) });
}

/** A text for a state, reason, cause or check of the API; `otherwise` for one that this page does not know. */
export function known(
  prefix: 'state' | 'source' | 'why' | 'cause' | 'check' | 'advice',
  code: string,
  otherwise = code,
): string {
  const key = `${prefix}.${code}`;
  return key in en ? t(key as TextKey) : otherwise;
}
