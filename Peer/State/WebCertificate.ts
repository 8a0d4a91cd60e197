import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../Shared/Log.ts';
import { systemCode } from '../../Shared/ShoalError.ts';
import type { WallClock } from '../../Shared/Time/Clock.ts';
import { bitString, der, oid, pem, sequence, utcTime } from './Der.ts';
import { writeWhole } from './JsonFile.ts';

const FILE = 'https.pem';
const DAY_MS = 86_400_000;
/** Some browsers refuse certificates that are valid for more than 825 days. */
const VALID_MS = 820 * DAY_MS;
/** Time before its end in which a certificate is replaced at the next start. */
const RENEWED_MS = 60 * DAY_MS;

const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));
const COMMON_NAME = '550403';
const ALT_NAMES = '551d11';

/** Key and certificate for HTTPS, as PEM. */
export interface WebIdentity {
  readonly key: string;
  readonly cert: string;
  /** SHA-256 of the certificate, as browsers show it: `AB:CD:…`. */
  readonly fingerprint: string;
}

/**
 * Loads key and certificate for HTTPS from a state folder, or creates them: the key of the peer is an Ed25519 one,
 * which browsers do not support. Self-signed: users compare the fingerprint.
 */
export async function loadWebIdentity(
  stateFolder: string,
  names: readonly string[],
  wallMs: WallClock,
  log: Log,
): Promise<WebIdentity> {
  const path = join(stateFolder, FILE);
  const stored = identityIn(await readFile(path, 'utf8').catch(() => ''));
  const isValid = stored !== undefined && Date.parse(stored.certificate.validTo) - wallMs() > RENEWED_MS;
  if (isValid && (names.length > 0 || namesNothing(stored.certificate)))
    return webIdentity(stored.key, stored.certificate);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = stored?.key ?? privateKey;
  const certificate = new X509Certificate(webCertificateOf(key, names, wallMs()));
  const made = webIdentity(key, certificate);
  await writeWhole(path, made.key + made.cert).catch((failure: unknown) =>
    log.warn(
      `the key for HTTPS cannot be stored (${systemCode(failure) ?? failure}): it is for this run only`,
    ),
  );
  return made;
}

/** Whether a certificate names no computer. */
function namesNothing({ subjectAltName = '' }: X509Certificate): boolean {
  return !/DNS:(?!localhost(,|$))/.test(subjectAltName);
}

/** A self-signed certificate for these host names. @param privateKey - P-256 */
export function webCertificateOf(privateKey: KeyObject, names: readonly string[], wallMs: number): string {
  const name = sequence(der(0x31, sequence(oid(COMMON_NAME), der(0x0c, Buffer.from('Shoal peer')))));
  const loopback = [Buffer.of(127, 0, 0, 1), Buffer.concat([Buffer.alloc(15), Buffer.of(1)])];
  const hosts = [
    ...['localhost', ...names].map((host) => der(0x82, Buffer.from(host, 'latin1'))),
    ...loopback.map((address) => der(0x87, address)),
  ];
  // Positive, and never 0.
  const serial = Buffer.concat([Buffer.of(0x01), randomBytes(15)]);
  const content = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, serial),
    ECDSA_SHA256,
    name,
    sequence(utcTime(wallMs - DAY_MS), utcTime(wallMs + VALID_MS)),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(oid(ALT_NAMES), der(0x04, sequence(...hosts))))),
  );
  return pem('CERTIFICATE', sequence(content, ECDSA_SHA256, bitString(sign('sha256', content, privateKey))));
}

function webIdentity(key: KeyObject, certificate: X509Certificate): WebIdentity {
  return {
    key: String(key.export({ type: 'pkcs8', format: 'pem' })),
    cert: certificate.toString(),
    fingerprint: certificate.fingerprint256,
  };
}

/** Undefined: damaged, or not there. */
function identityIn(text: string): { key: KeyObject; certificate: X509Certificate } | undefined {
  try {
    const [key, certificate] = [createPrivateKey(text), new X509Certificate(text)];
    return certificate.checkPrivateKey(key) ? { key, certificate } : undefined;
  } catch {
    return undefined;
  }
}
