/** A line of the config file that sets the private network. */
const NETWORK_LINE = /^[ \t]*network[ \t]*=.*(\r?\n|$)/gim;

/**
 * The text of a config file with another private network, all else unchanged.
 * @param invite - undefined: none, which is the open network
 */
export function withNetworkLine(text: string, invite: string | undefined): string {
  const rest = text.replace(NETWORK_LINE, '');
  if (invite === undefined) return rest;
  return `${rest === '' || rest.endsWith('\n') ? rest : `${rest}\n`}network = ${invite}\n`;
}
