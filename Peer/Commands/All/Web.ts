import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { ConsoleCommand } from '../Command.ts';

export const web: ConsoleCommand = {
  group: 'Console',
  usage: [''],
  summary: 'the address of the web page, to manage this peer in a browser of this computer',
  details: [
    'The address holds a secret that is new in every run: with it, anybody on this computer can manage the peer.',
    'Others open the address without it, at the IP address of this computer: they can search and take files.',
  ],
  examples: ['web'],
  oneShot: 'running peer',
  async run(_call, { controls }) {
    const address = controls.pageAddress;
    if (address === undefined)
      throw new ShoalError('NOT_FOUND', 'this peer answers no HTTP', {
        hint: 'Start it without --no-http (or http = off). In a private network there is no HTTP.',
      });
    return { data: { address }, text: () => address };
  },
};
