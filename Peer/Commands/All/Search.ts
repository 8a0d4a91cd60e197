import type { ConsoleCommand } from '../Command.ts';
import { coverageItem } from '../Views/ClusterViews.ts';
import { searchText } from '../Views/FileViews.ts';
import { searchItem } from '../Views/Items.ts';

export const search: ConsoleCommand = {
  aliases: ['find'],
  group: 'Files',
  usage: ['<words...>'],
  summary: 'find files in the network: name, size, and the peers that share them',
  details: [
    'A file matches if its path has every word, the last one as the beginning of a word, in upper or lower case. -word leaves out the files that have this whole word.',
  ],
  examples: ['search film', 'find holiday 2024 jpg', 'search song -live'],
  needsNetwork: true,
  oneShot: 'any peer',
  async run({ args }, { controls, signal, remember }) {
    const words = args.join(' ');
    const result = await controls.search(words, signal);
    const { hits, truncated, peers = 0 } = result;
    remember(hits.map((hit) => hit.path));
    return {
      items: hits.map(searchItem),
      data: { truncated, ...coverageItem(result), peers },
      text: (style) => searchText(words, result, style),
    };
  },
};
