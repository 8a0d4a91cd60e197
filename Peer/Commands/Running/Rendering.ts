import type { ShoalError } from '../../../Shared/ShoalError.ts';
import { envelopeJson } from '../../../Shared/Text/Envelope.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import { commandForm, type Paint, type ViewStyle } from '../Views/ViewStyle.ts';
import { wrapLines } from '../Views/WordWrap.ts';
import type { Outcome } from './CommandRunner.ts';

/** Texts for both streams, without a final line end; '' prints nothing. */
export interface Printed {
  readonly output: string;
  readonly error: string;
}

export interface RenderOptions {
  readonly style: ViewStyle;
  /** Colours of the error stream, which may be no terminal. */
  readonly errorPaint: Paint;
  /** The failed line, in a pipe. */
  readonly place: string | undefined;
  /** The user can choose from a table; in a pipe an open choice is a failure. */
  readonly interactive: boolean;
  readonly verbose: boolean;
}

export function render(outcome: Outcome, options: RenderOptions): Printed {
  if (outcome.json) return renderJson(outcome, options);
  const { output, error } = renderText(outcome, options);
  const { width } = options.style;
  return { output: wrapLines(output, width), error: wrapLines(error, width) };
}

function renderText(outcome: Outcome, options: RenderOptions): Printed {
  const { result, failure } = outcome;
  const text = result?.text(options.style) ?? '';
  if (failure === undefined || (result !== undefined && options.interactive))
    return { output: text, error: '' };
  const lines = text === '' ? [] : [text];
  return { output: '', error: [...lines, errorText(outcome, options)].join('\n') };
}

/** `error: sentence` and `hint: …`; with `verbose` also the stack of an unexpected failure. */
function errorText({ failure }: Outcome, options: RenderOptions): string {
  if (failure === undefined) return '';
  const { error, unexpected } = failure;
  const { errorPaint, place, verbose } = options;
  const sentence = printable(error.message);
  const where = place === undefined ? '' : `${place}: `;
  const lines = [`${errorPaint.bad('error:')} ${where}${sentence}`];
  const hint = hintOf(error, options);
  if (hint !== undefined) lines.push(`${errorPaint.notice('hint:')} ${printable(hint)}`);
  const cause = error.cause;
  if (unexpected && verbose && cause instanceof Error && cause.stack !== undefined)
    lines.push(printable(cause.stack));
  return lines.join('\n');
}

function hintOf(error: ShoalError, { style }: RenderOptions): string | undefined {
  return error.hintFor(commandForm(style));
}

/** The JSON envelope, one line: `{"version":1,"command":"search","ok":true,"items":[…]}`. */
function renderJson({ command, result, failure }: Outcome, options: RenderOptions): Printed {
  const items = result?.items;
  const facts = { ...result?.data, ...(items && { items }) };
  const error = failure?.error;
  const output = envelopeJson(
    command,
    facts,
    error && { code: error.code, message: error.message, hint: hintOf(error, options) },
  );
  const place = options.place;
  const names = failure !== undefined && !options.interactive && place !== undefined;
  return {
    output: asciiControls(output),
    error: names ? `error: ${place}: ${printable(failure.error.message)}` : '',
  };
}

/** Applies `safeText` to each line. */
function printable(text: string): string {
  return text.split('\n').map(safeText).join('\n');
}

/** Escapes as `\uXXXX` the unsafe characters that JSON.stringify leaves: all but C0. */
function asciiControls(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
    (char) => {
      return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );
}
