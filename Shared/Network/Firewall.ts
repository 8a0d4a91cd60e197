/** Firewall programs with a known command. */
type FirewallKind = 'ufw' | 'firewalld' | 'nft' | 'iptables' | 'windows' | 'macos';

/** The firewall of a computer. */
export interface Firewall {
  readonly kind: FirewallKind;
  /** Path of this program: the firewall of macOS has rules for programs, not for ports. */
  readonly program: string;
}

/** Facts of a computer by which its firewall is found. */
export interface FirewallProbe {
  readonly platform: NodeJS.Platform;
  /** Path of the running program. */
  readonly program: string;
  readonly exists: (path: string) => boolean;
  /** Text of a file; undefined: it cannot be read. */
  readonly read: (path: string) => string | undefined;
}

const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/usr/local/sbin'];

/**
 * Finds the firewall program of a computer: an active one before one that is only installed. Undefined: none is
 * known.
 */
export function findFirewall({ platform, program, exists, read }: FirewallProbe): Firewall | undefined {
  const of = (kind: FirewallKind): Firewall => ({ kind, program });
  if (platform === 'win32') return of('windows');
  if (platform === 'darwin') return of('macos');
  if (platform !== 'linux') return undefined;
  if (/^ENABLED=yes/m.test(read('/etc/ufw/ufw.conf') ?? '')) return of('ufw');
  if (['/run/firewalld.pid', '/run/firewalld'].some(exists)) return of('firewalld');
  const isInstalled = (name: string) => SYSTEM_FOLDERS.some((folder) => exists(`${folder}/${name}`));
  if (isInstalled('nft')) return of('nft');
  return isInstalled('iptables') ? of('iptables') : undefined;
}

/** The command that lets a port through a firewall, for an administrator. */
export function openPortCommand(
  { kind, program }: Firewall,
  port: number,
  protocol: 'tcp' | 'udp' = 'tcp',
): string {
  switch (kind) {
    case 'ufw':
      return `sudo ufw allow ${port}/${protocol}`;
    case 'firewalld':
      return `sudo firewall-cmd --permanent --add-port=${port}/${protocol} && sudo firewall-cmd --reload`;
    case 'nft':
      return `sudo nft insert rule inet filter input ${protocol} dport ${port} accept`;
    case 'iptables':
      return `sudo iptables -I INPUT -p ${protocol} --dport ${port} -j ACCEPT`;
    case 'windows':
      // Accepted by the command prompt and by PowerShell, opened as administrator.
      return `netsh advfirewall firewall add rule name=Shoal dir=in action=allow protocol=${protocol.toUpperCase()} localport=${port}`;
    case 'macos': {
      const tool = 'sudo /usr/libexec/ApplicationFirewall/socketfilterfw';
      const quoted = `'${program.replaceAll("'", "'\\''")}'`;
      return `${tool} --add ${quoted} && ${tool} --unblockapp ${quoted}`;
    }
  }
}
