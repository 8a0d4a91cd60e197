/** Program: `node BitTorrentTracker.js <module> <port>`. The npm package of that name, UDP only, in memory. */

interface Server {
  listen(port: number, hosts: { udp: string; udp6: string }, done: () => void): void;
}

const [module = '', port = ''] = process.argv.slice(2);
const { default: Server } = (await import(module)) as {
  default: new (options: { udp: boolean; http: boolean; ws: boolean; stats: boolean }) => Server;
};
const server = new Server({ udp: true, http: false, ws: false, stats: false });
server.listen(Number(port), { udp: '127.0.0.1', udp6: '::1' }, () => process.stdout.write('ready\n'));
