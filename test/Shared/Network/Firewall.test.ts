import { describe, expect, test } from 'vitest';
import { type FirewallProbe, findFirewall, openPortCommand } from '../../../Shared/Network/Firewall.ts';

const PROGRAM = "/opt/anna's node/node";

/** A computer with these files. */
function computer(platform: NodeJS.Platform, files: Readonly<Record<string, string>> = {}): FirewallProbe {
  return { platform, program: PROGRAM, exists: (path) => path in files, read: (path) => files[path] };
}

describe('the firewall program of a computer', () => {
  test.each([
    ['ufw', { '/etc/ufw/ufw.conf': 'X=1\nENABLED=yes\n', '/run/firewalld': '', '/usr/sbin/nft': '' }],
    ['firewalld', { '/etc/ufw/ufw.conf': 'ENABLED=no\n', '/run/firewalld': '', '/usr/sbin/nft': '' }],
    ['nft', { '/usr/sbin/nft': '', '/usr/sbin/iptables': '' }],
    ['iptables', { '/sbin/iptables': '' }],
    [undefined, { '/etc/ufw/ufw.conf': '# ENABLED=yes\n' }],
  ] as const)('on Linux: %s', (kind, files) => {
    expect(findFirewall(computer('linux', files))?.kind).toBe(kind);
  });

  test('other systems have their own firewall', () => {
    expect(findFirewall(computer('win32'))?.kind).toBe('windows');
    expect(findFirewall(computer('darwin'))?.kind).toBe('macos');
    expect(findFirewall(computer('freebsd', { '/usr/sbin/nft': '' }))).toBeUndefined();
  });
});

test.each([
  ['ufw', 'sudo ufw allow 9001/tcp'],
  ['firewalld', 'sudo firewall-cmd --permanent --add-port=9001/tcp && sudo firewall-cmd --reload'],
  ['nft', 'sudo nft insert rule inet filter input tcp dport 9001 accept'],
  ['iptables', 'sudo iptables -I INPUT -p tcp --dport 9001 -j ACCEPT'],
  [
    'windows',
    'netsh advfirewall firewall add rule name=Shoal dir=in action=allow protocol=TCP localport=9001',
  ],
] as const)('the command that opens a port: %s', (kind, command) => {
  expect(openPortCommand({ kind, program: PROGRAM }, 9_001)).toBe(command);
  expect(openPortCommand({ kind, program: PROGRAM }, 6_881, 'udp')).toContain(
    command.includes('TCP') ? 'UDP localport=6881' : 'udp',
  );
});

test('macOS allows a program, whose path is quoted for the shell', () => {
  expect(openPortCommand({ kind: 'macos', program: PROGRAM }, 9_001)).toMatch(
    / --add '\/opt\/anna'\\''s node\/node' && .* --unblockapp '\/opt\/anna'\\''s node\/node'$/,
  );
});
