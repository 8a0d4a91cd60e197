import { secret } from './Secret.ts';

/** An answer of the API: items, and facts beside them. */
export type Answer<Item, Facts = object> = Facts & {
  readonly items: readonly Item[];
  readonly truncated?: boolean;
};

/** A failure with what to do next. Both texts are for users. */
export class ApiError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Reads from the API. @throws ApiError; DOMException AbortError if `signal` aborts */
export function read<Item, Facts = object>(
  path: string,
  query: Query = {},
  signal?: AbortSignal,
): Promise<Answer<Item, Facts>> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return answerTo(`${path}${search === '' ? '' : `?${search}`}`, signal === undefined ? {} : { signal });
}

/** Changes something. @throws ApiError */
export function change<Item>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
): Promise<Answer<Item>> {
  if (body === undefined) return answerTo(path, { method });
  return answerTo(path, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function answerTo<Item, Facts>(path: string, init: RequestInit): Promise<Answer<Item, Facts>> {
  const response = await request(`/api/v1${path}`, init);
  const answer = (await response.json().catch(() => undefined)) as Envelope | undefined;
  // The doctor answers with items when something is wrong, and `ok` false.
  if (answer?.ok !== true && answer?.items === undefined) {
    const { code = 'FAILED', message = `HTTP ${response.status}`, hint } = answer?.error ?? {};
    throw new ApiError(code, message, hint ?? undefined);
  }
  return { items: [], ...answer } as unknown as Answer<Item, Facts>;
}

interface Envelope {
  readonly ok?: boolean;
  readonly items?: readonly unknown[];
  readonly error?: { readonly code?: string; readonly message?: string; readonly hint?: string | null };
}

/** `fetch` with the secret of the user. @throws ApiError UNREACHABLE if the peer does not answer */
export async function request(address: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (secret() !== undefined) headers.set('Authorization', `Bearer ${secret()}`);
  try {
    return await fetch(address, { ...init, headers, cache: 'no-store' });
  } catch (failure) {
    if (init.signal?.aborted === true) throw failure;
    throw new ApiError('UNREACHABLE', 'the peer does not answer');
  }
}
