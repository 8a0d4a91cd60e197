import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { NatsBus } from '../../Tracker/Cluster/NatsBus.ts';
import { describeBus } from '../Support/busContract.ts';
import { NatsServer, until } from '../Support/NatsServer.ts';
import { NatsAccount } from '../Support/natsAccounts.ts';
import { natsServer, openssl, title } from '../Support/Requires.ts';
import { TempFolder } from '../Support/TempFolder.ts';
import { runOf } from '../Tracker/peers.ts';

const MISSING = natsServer();
const OPENSSL = openssl();
const HANDLER = { message: () => {}, connected: () => {}, lost: () => {} };

if (MISSING === undefined) {
  describeBus('the bus of NATS', async () => {
    const server = await NatsServer.forTest();
    return {
      bus: (name = 'lab') => new NatsBus({ servers: [server.url], name }),
      stop: () => server.stop(),
      restart: () => server.start(),
      until,
    };
  });
}

test.skipIf(MISSING)(title('clusters of other names receive nothing of each other', MISSING), async () => {
  const { url } = await NatsServer.forTest();
  const received: string[] = [];
  const open = (name: string, run: number) =>
    new NatsBus({ servers: [url], name }).open(runOf(run), {
      ...HANDLER,
      message: (bytes) => received.push(`${name} ${Buffer.from(bytes)}`),
    });
  const [lab, other, second] = [await open('lab', 1), await open('other', 2), await open('lab', 3)];
  lab.publish('all', Buffer.from('hello'));
  await until(() => received.length > 0);
  await Promise.all([lab, other, second].map((each) => each.close()));
  expect(received).toEqual(['lab hello']);
});

test.skipIf(MISSING)(title('a record that the server does not accept is dropped', MISSING), async () => {
  const { url } = await NatsServer.forTest('max_payload: 1024');
  const received: number[] = [];
  const bus = new NatsBus({ servers: [url], name: 'lab' });
  const one = await bus.open(runOf(1), HANDLER);
  const two = await bus.open(runOf(2), { ...HANDLER, message: ({ length }) => received.push(length) });
  for (const bytes of [1_025, 1_024]) one.publish('all', Buffer.alloc(bytes));
  await until(() => received.length > 0);
  await Promise.all([one, two].map((each) => each.close()));
  expect(received).toEqual([1_024]);
});

test.skipIf(MISSING)(
  title('user and password, a token; a wrong one is refused without a word of it', MISSING),
  async () => {
    const users = await NatsServer.forTest('authorization { user: shoal, password: "s3cr3t/1" }');
    const place = `127.0.0.1:${users.port}`;
    const open = (server: string) => new NatsBus({ servers: [server], name: 'lab' }).open(runOf(1), HANDLER);
    await (await open(`nats://shoal:s3cr3t%2F1@${place}`)).close();
    const failure = await open(`nats://shoal:wr0ng@${place}`).catch((one: unknown) => one);
    expect(failure).toMatchObject({ code: 'REFUSED', message: `the NATS server ${place} refused the login` });
    expect(String(failure)).not.toContain('wr0ng');
    const tokens = await NatsServer.forTest('authorization { token: "t0ken" }');
    await (await open(`nats://t0ken@127.0.0.1:${tokens.port}`)).close();
    await expect(open(tokens.url)).rejects.toMatchObject({ code: 'REFUSED' });
  },
);

test.skipIf(MISSING)(
  title(
    'a credentials file of an account; another account, an expired user and a damaged file are refused',
    MISSING,
  ),
  async () => {
    const folder = await TempFolder.forTest();
    const account = new NatsAccount();
    const { url, port } = await NatsServer.forTest(account.config);
    const open = async (run: number, content: string | undefined, received: string[] = []) => {
      const credentials = content && folder.at(`${run}.creds`);
      if (credentials) await writeFile(credentials, content);
      const message = (bytes: Uint8Array) => void received.push(Buffer.from(bytes).toString());
      return new NatsBus({ servers: [url], name: 'lab', credentials }).open(runOf(run), {
        ...HANDLER,
        message,
      });
    };
    const received: string[] = [];
    const one = await open(1, account.credentials(['shoal.>']), received);
    const two = await open(2, account.credentials(['shoal.>']));
    two.publish(runOf(1), Buffer.from('hello'));
    await until(() => received.length > 0);
    await Promise.all([one, two].map((each) => each.close()));
    expect(received).toEqual(['hello']);

    const refused = { code: 'REFUSED', message: `the NATS server 127.0.0.1:${port} refused the login` };
    const others = [
      undefined,
      new NatsAccount().credentials(['shoal.>']),
      account.credentials(['shoal.>'], Date.now() - 60_000),
      'no credentials',
    ];
    for (const content of others) await expect(open(3, content)).rejects.toMatchObject(refused);
  },
);

test.skipIf(MISSING)(
  title('a user without the right to publish or to subscribe is refused, and told which subject', MISSING),
  async () => {
    const user = (name: string, rights: string) =>
      `{ user: ${name}, password: x, permissions: { ${rights} } }`;
    const users = [
      user('all', 'publish: "shoal.>", subscribe: "shoal.>"'),
      user('reads', 'publish: "other.>", subscribe: "shoal.>"'),
      user('writes', 'publish: "shoal.>", subscribe: "other.>"'),
      user('answers', 'publish: { allow: "shoal.>", deny: "shoal.1.lab.all" }, subscribe: "shoal.>"'),
    ];
    const { port } = await NatsServer.forTest(`authorization { users: [${users.join(', ')}] }`);
    const received: string[] = [];
    const open = (name: string, run: number) =>
      new NatsBus({ servers: [`nats://${name}:x@127.0.0.1:${port}`], name: 'lab' }).open(runOf(run), {
        ...HANDLER,
        message: (bytes) => void received.push(Buffer.from(bytes).toString()),
      });
    const one = await open('all', 1);
    for (const [name, subject] of [
      ['reads', /Publish to "shoal.1.lab.all"/],
      ['writes', /Subscription to "shoal.1.lab.all"/],
      ['answers', /Publish to "shoal.1.lab.all"/],
    ] as const) {
      await expect(open(name, 2)).rejects.toMatchObject({
        code: 'REFUSED',
        message: expect.stringMatching(subject),
      });
    }
    // Tries of a permission reach nobody.
    const two = await open('all', 2);
    two.publish('all', Buffer.from('hello'));
    await until(() => received.length > 0);
    await Promise.all([one, two].map((each) => each.close()));
    expect(received).toEqual(['hello']);
  },
);

test.skipIf(MISSING ?? OPENSSL)(
  title('a server that asks for the certificate of the tracker', MISSING ?? OPENSSL),
  async () => {
    const { cert, key } = await certificate();
    const files = `cert_file: "${cert}", key_file: "${key}", ca_file: "${cert}"`;
    const server = await NatsServer.forTest(`tls { ${files}, verify: true }`);
    const options = { servers: [`tls://127.0.0.1:${server.port}`], name: 'lab', ca: cert };
    await (await new NatsBus({ ...options, certificate: cert, key }).open(runOf(1), HANDLER)).close();
  },
);

test.skipIf(MISSING ?? OPENSSL)(
  title('TLS, with the authority of the server; without it the certificate is refused', MISSING ?? OPENSSL),
  async () => {
    const { cert, key } = await certificate();
    const server = await NatsServer.forTest(`tls { cert_file: "${cert}", key_file: "${key}" }`);
    const servers = [`tls://127.0.0.1:${server.port}`];
    await (await new NatsBus({ servers, name: 'lab', ca: cert }).open(runOf(1), HANDLER)).close();
    await expect(new NatsBus({ servers, name: 'lab' }).open(runOf(1), HANDLER)).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('TLS with the NATS server'),
    });
  },
);

/** A self-signed certificate for 127.0.0.1, in PEM files. */
async function certificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const folder = await TempFolder.forTest();
  const [cert, key] = [folder.at('cert.pem'), folder.at('key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  spawnSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert]);
  return { cert, key };
}
