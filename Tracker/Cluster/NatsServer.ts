import { ShoalError } from '../../Shared/ShoalError.ts';

export interface NatsOptions {
  /** `nats://host:4222`, `tls://user:password@host`, `token@host`. Secrets in them are never shown. */
  readonly servers: readonly string[];
  /** Name of the cluster: part of every subject. */
  readonly name: string;
  /** A credentials file of NATS (JWT and seed). */
  readonly credentials?: string | undefined;
  /** PEM files for TLS: the authority of the server, and the certificate of this client. */
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

interface Server {
  /** Host and port, without secrets. */
  readonly place: string;
  readonly isTls: boolean;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

/** Reads the address of a NATS server. @throws ShoalError USAGE, without the secrets that the text may hold */
export function readServer(text: string): Server {
  const match = /^(?:(nats|tls):\/\/)?(?:([^@/]*)@)?((?:\[[0-9a-f:]+\]|[^:@/[\]\s]+)(?::\d{1,5})?)\/?$/i.exec(
    text.trim(),
  );
  const place = match?.[3];
  if (match === null || place === undefined) {
    throw new ShoalError('USAGE', 'the address of a NATS server is malformed', {
      hint: 'Use host:4222, nats://host:4222, tls://user:password@host:4222, or several with commas.',
    });
  }
  const [user, password] = (match[2] ?? '').split(':').map(decoded);
  const isTls = match[1]?.toLowerCase() === 'tls';
  const withPort = /:\d+$/.test(place) ? place : `${place}:4222`;
  if (match[2] === undefined || match[2] === '') return { place: withPort, isTls };
  if (password === undefined) return { place: withPort, isTls, ...(user !== undefined && { token: user }) };
  return { place: withPort, isTls, ...(user !== undefined && { user }), password };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
