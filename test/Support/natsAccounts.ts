import { nkeys } from '@nats-io/transport-node';

const { createAccount, createOperator, createUser } = nkeys;
type Key = ReturnType<typeof createUser>;

const UNLIMITED = { subs: -1, data: -1, payload: -1 };

/** An operator of NATS with one account, in the format of `nsc`. https://docs.nats.io, "JWT authentication" */
export class NatsAccount {
  readonly #operator = createOperator();
  readonly #account = createAccount();

  /** Lines for the configuration of a server of this operator. */
  get config(): string {
    const operator = tokenOf(this.#operator, this.#operator, { type: 'operator' });
    const limits = { ...UNLIMITED, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
    const account = tokenOf(this.#operator, this.#account, { type: 'account', limits });
    const preload = `{ ${this.#account.getPublicKey()}: ${account} }`;
    return `operator: ${operator}\nresolver: MEMORY\nresolver_preload: ${preload}`;
  }

  /** The credentials file of a new user who may use these subjects. @param endsMs - end of its validity */
  credentials(subjects: readonly string[], endsMs?: number): string {
    const user = createUser();
    const allow = { allow: subjects };
    const token = tokenOf(
      this.#account,
      user,
      { type: 'user', pub: allow, sub: allow, ...UNLIMITED },
      endsMs,
    );
    return [
      '-----BEGIN NATS USER JWT-----',
      token,
      '------END NATS USER JWT------',
      '',
      '-----BEGIN USER NKEY SEED-----',
      Buffer.from(user.getSeed()).toString(),
      '------END USER NKEY SEED------',
      '',
    ].join('\n');
  }
}

/** A JWT about `subject`, signed by `issuer`. */
function tokenOf(issuer: Key, subject: Key, nats: object, endsMs?: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    jti: subject.getPublicKey(),
    iat: Math.floor(Date.now() / 1_000),
    ...(endsMs !== undefined && { exp: Math.floor(endsMs / 1_000) }),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    nats: { ...nats, version: 2 },
  };
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(claims)}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
}
