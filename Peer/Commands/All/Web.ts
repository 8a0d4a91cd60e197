import { formatAddress } from '../../../Shared/Network/Address.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { ConsoleCommand } from '../Command.ts';
import { hostForOthers } from './Whoami.ts';

export const web: ConsoleCommand = {
  group: 'Console',
  usage: [''],
  summary: 'the address of the web page, to manage this peer in a browser of this computer',
  details: [
    'The address holds a secret that is new in every run: with it, anybody on this computer can manage the peer.',
    'Others open the address without it, at the IP address of this computer: they can search and take files.',
  ],
  examples: ['web'],
  oneShot: 'own form',
  async run(_call, { controls }) {
    const { web: access, self } = controls;
    if (access?.address === undefined)
      throw new ShoalError('NOT_FOUND', 'this peer has no web page', {
        hint: controls.privateNetwork
          ? (command) => `In a private network there are share links only: ${command('link FILE')}`
          : 'Start it without --no-http (or http = off).',
      });
    const { address } = access;
    const fingerprint = await access.fingerprint();
    const secure = `https://${formatAddress({ host: hostForOthers(controls), port: self.port })}/`;
    const lines = [
      address,
      `From other computers, with a password (shoal web --password): ${secure}`,
      `Its certificate has the SHA-256 fingerprint ${fingerprint}`,
    ];
    return {
      data: { address, once: access.onceAddress(), secure, fingerprint },
      text: () => lines.join('\n'),
    };
  },
};
