import { safeText } from '../../../Shared/Text/SafeText.ts';
import { formatCount, formatDuration, plural } from '../Views/HumanUnits.ts';
import { bad, type DiagnosisFacts, type Finding, fine } from './Finding.ts';

/** Share of the descriptors above which connections may soon be refused. */
const DESCRIPTORS_SHORT = 0.9;
/** Difference of two clocks above which "the newest version" of a file may be the wrong one. */
const CLOCK_MS_MAX = 120_000;
/** Least MTU of IPv6 (RFC 8200): datagrams of 1,200 bytes fit. */
const MTU_MIN = 1_280;

/** Checks of the process, the clock and the network cards. */
export function systemChecks(facts: DiagnosisFacts): readonly Finding[] {
  return [descriptorCheck(facts), clockCheck(facts.measured.clockOffsetsMs), mtuCheck(facts)];
}

function descriptorCheck({ health: { descriptors } }: DiagnosisFacts): Finding {
  const { used, allowed } = descriptors;
  const text =
    used === undefined
      ? `${formatCount(allowed)} are allowed`
      : `${formatCount(used)} of ${formatCount(allowed)} are in use`;
  if (used === undefined || used < allowed * DESCRIPTORS_SHORT) return fine('descriptors', text);
  return bad('descriptors', text, 'Allow more before the start: ulimit -n 4096');
}

/** @param offsets - clocks of linked peers minus the own one: the middle one counts, as single peers may be wrong */
function clockCheck(offsets: readonly number[]): Finding {
  const sorted = offsets.toSorted((one, other) => one - other);
  const middle = sorted[sorted.length >> 1];
  if (middle === undefined) return fine('clock', 'not compared: no linked peer reports its time');
  const peers = plural(offsets.length, 'linked peer');
  if (Math.abs(middle) < CLOCK_MS_MAX) return fine('clock', `agrees with ${peers}`);
  const difference = `${formatDuration(Math.abs(middle))} ${middle > 0 ? 'behind' : 'ahead of'}`;
  return bad(
    'clock',
    `this computer is ${difference} ${peers}: the newest version of a file may be taken for an old one`,
    'Set the wrong clock. On Linux: sudo timedatectl set-ntp true',
  );
}

function mtuCheck({ measured: { cards, wholeDatagrams } }: DiagnosisFacts): Finding {
  const known = cards.flatMap(({ name, mtu, virtual }) =>
    mtu === undefined || virtual ? [] : [{ name, mtu }],
  );
  const small = known.filter(({ mtu }) => mtu < MTU_MIN);
  const listed = [...new Set(known.map(({ name, mtu }) => `${safeText(name)} ${mtu}`))].join(', ');
  const [first] = small;
  if (first !== undefined) {
    const card = safeText(first.name);
    const text = `${card} carries ${first.mtu} bytes at once, less than ${MTU_MIN}: datagrams are lost or split`;
    return bad('mtu', text, `Raise it: sudo ip link set dev ${card} mtu 1500`);
  }
  if (wholeDatagrams === false) {
    return bad(
      'mtu',
      'the tracker answers small datagrams, but none of 1,000 bytes: the network in between drops them',
      'Lower the MTU of the VPN or tunnel on the way to 1,280, or connect without it.',
    );
  }
  const tested =
    wholeDatagrams === true ? 'large datagrams reach the tracker' : 'not tested: no tracker answers';
  return fine('mtu', listed === '' ? tested : `${tested}; largest packets: ${listed} bytes`);
}
