import type { Command, Option } from 'commander';
import { type ConfigFile, placeOf } from '../../Shared/Program/ConfigLines.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { nearest } from '../Commands/Line/EditDistance.ts';

/** Settings that accept several values: repeated lines, or commas within one. */
const LISTS = new Set(['tracker', 'upload-limit', 'download-limit']);
/** Options of single commands, not settings of a peer. */
const NO_SETTINGS = new Set(['help', 'version', 'json', 'peer', 'progress', 'output', 'menu', 'wait']);

/** Settings whose values errors do not show. */
const SECRETS = new Set(['network']);

const PREFIX = 'SHOAL_';
/** Variables that are no settings of a peer. */
const OTHER_VARIABLES = ['SHOAL_CONFIG', 'SHOAL_TEST_NODE'];

/** Sources of settings below flags, highest priority first. */
export interface Layers {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly config: ConfigFile | undefined;
}

/** Source of a setting's value. */
export interface SettingOrigin {
  /** Key in the config file: `upload-limit`. */
  readonly key: string;
  readonly value: unknown;
  readonly from: 'flag' | 'environment' | 'file' | 'default';
  /** `SHOAL_TRACKER` or `line 3 of …`; empty for flags and defaults. */
  readonly place: string;
}

/**
 * Fills options not set by flags of a parsed command: from SHOAL_<KEY>, then from the config file, whose keys are
 * the long options without dashes. Switches are on or off. Returns each setting with its origin, in the order of
 * the options.
 * @throws ShoalError USAGE naming variable or line
 */
export function applyLayers(command: Command, { environment, config }: Layers): readonly SettingOrigin[] {
  const options = command.options.filter((option) => isSetting(option, command));
  const keys = options.map(keyOf);
  const fromFile = gatherLines(config, keys);
  return options.map((option) => {
    const key = keyOf(option);
    const attribute = option.attributeName();
    const origin = (from: SettingOrigin['from'], place: string): SettingOrigin => ({
      key,
      value: command.getOptionValue(attribute) as unknown,
      from,
      place,
    });
    const file = fromFile.get(key);
    // An invalid line is reported even if a flag overrides it: it would matter at the next start.
    const fileValue = file && readTexts(option, file.texts, file.place);
    if (command.getOptionValueSource(attribute) === 'cli') return origin('flag', '');
    const variable = variableOf(key);
    const text = environment[variable]?.trim();
    if (text !== undefined && text !== '') {
      command.setOptionValueWithSource(attribute, readTexts(option, [text], variable), 'env');
      return origin('environment', variable);
    }
    if (file === undefined) return origin('default', '');
    command.setOptionValueWithSource(attribute, fileValue, 'config');
    return origin('file', file.place);
  });
}

/** Whether an option has a key of its own: `--no-http` is the value `off` of `--http`. */
function isSetting(option: Option, command: Command): boolean {
  if (NO_SETTINGS.has(keyOf(option))) return false;
  return !option.negate || !command.options.some((other) => !other.negate && keyOf(other) === keyOf(option));
}

/** Key of an option: `upload-limit` for `--upload-limit`, `discovery` for `--no-discovery`. */
function keyOf(option: Option): string {
  return (option.long ?? '').replace(/^--(no-)?/, '');
}

/** A warning for each variable that looks like a misspelt setting: `SHOAL_TRACKERS`. */
export function misspeltVariables(command: Command, environment: Layers['environment']): readonly string[] {
  const keys = command.options.map(keyOf).filter((key) => !NO_SETTINGS.has(key));
  const known = new Set([...keys.map(variableOf), ...OTHER_VARIABLES]);
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !known.has(name))
    .flatMap((name) => {
      const near = nearest(name.slice(PREFIX.length).toLowerCase().replaceAll('_', '-'), keys);
      return near === undefined
        ? []
        : [`warning: ${safeText(name)} is not a setting. Did you mean ${variableOf(near)}?`];
    });
}

function variableOf(key: string): string {
  return `${PREFIX}${key.toUpperCase().replaceAll('-', '_')}`;
}

interface RawSetting {
  readonly texts: readonly string[];
  readonly place: string;
}

function gatherLines(config: ConfigFile | undefined, keys: readonly string[]): Map<string, RawSetting> {
  const settings = new Map<string, RawSetting & { line: number }>();
  for (const { key, value, line } of config?.lines ?? []) {
    const place = placeOf(config?.path ?? '', line);
    if (!keys.includes(key)) {
      const near = nearest(key, keys);
      throw new ShoalError('USAGE', `${place} has an unknown key: ${safeText(key.slice(0, 40))}`, {
        hint: near === undefined ? `The keys are ${keys.join(', ')}.` : `Did you mean ${near}?`,
      });
    }
    const before = settings.get(key);
    if (before !== undefined && !LISTS.has(key)) {
      throw new ShoalError('USAGE', `${place} repeats ${key}`, {
        hint: `Line ${before.line} sets it too: remove one of them.`,
      });
    }
    settings.set(key, { texts: [...(before?.texts ?? []), value], place: before?.place ?? place, line });
  }
  return settings;
}

function readTexts(option: Option, texts: readonly string[], place: string): unknown {
  const key = keyOf(option);
  if (option.isBoolean() || option.negate) return readSwitch(texts.at(-1) ?? '', place);
  const single = LISTS.has(key) ? texts.flatMap((text) => text.split(',')) : texts;
  const parts = single.map((text) => text.trim()).filter((text) => text !== '');
  try {
    const start: unknown = undefined;
    return parts.reduce((before, text) => option.parseArg?.(text, before) ?? text, start);
  } catch (failure) {
    if (!(failure instanceof ShoalError)) throw failure;
    const why = `${failure.message}. ${failure.hint ?? ''}`;
    const shown = SECRETS.has(key) ? 'this value' : safeText(parts.join(', ').slice(0, 60));
    throw new ShoalError('USAGE', `${place}: ${key} cannot be ${shown}`, {
      hint: safeText(why),
      cause: failure,
    });
  }
}

/** Parses a switch. */
function readSwitch(text: string, place: string): boolean {
  const word = text.trim().toLowerCase();
  if (['on', '1', 'true', 'yes'].includes(word)) return true;
  if (['off', '0', 'false', 'no'].includes(word)) return false;
  throw new ShoalError('USAGE', `${place} is "${safeText(text.slice(0, 40))}"`, {
    hint: 'Set it to on or off.',
  });
}
