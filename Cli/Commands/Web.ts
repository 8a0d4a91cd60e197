import { stateFolderOf } from '../../Peer/State/StateFolder.ts';
import { WebPasswordFile } from '../../Peer/State/WebPassword.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { factsAnswer } from '../Running/Answers.ts';
import { openBrowser } from '../Running/Browser.ts';
import { readPassword } from '../Running/Password.ts';
import type { Run } from '../Running/Run.ts';
import type { ShoalCommand } from './ShoalCommand.ts';

export const web: ShoalCommand = {
  usage: '',
  summary: 'open the web page of the running peer in a browser',
  details:
    '\nOn a terminal. Without a browser, or with --json, the address is printed: it holds a secret, new in every run.' +
    '\n--password asks for a password twice (or reads one line of a pipe). With it, the page manages the peer from' +
    '\nother computers, over HTTPS. Left empty, it is removed; logins end when it changes.',
  flags: {
    '--password': 'set the password for logins from other computers',
    '--no-open': 'print the address only',
  },
  async run({ open, options }) {
    const run = await open();
    if (options.password === true) return setPassword(run);
    const answer = await run.lineInRunning('web', 'web');
    const code = await run.screen.answer(answer);
    const { once } = JSON.parse(answer.json) as { once?: unknown };
    const opens = options.open !== false && !run.screen.json && run.screen.width !== null;
    if (!opens || typeof once !== 'string') return code;
    // Other users of the computer see the arguments of a program: the token is not among them.
    if (!(await openBrowser(once)))
      run.screen.printLine('No browser was found: open the address in one of this computer.');
    return code;
  },
};

async function setPassword(run: Run): Promise<number> {
  const running = await run.runningPeer();
  if (running === undefined)
    throw new ShoalError(
      'UNREACHABLE',
      'a password belongs to a running peer, and none runs on this computer',
      {
        hint: 'Start one: shoal peer',
      },
    );
  const file = new WebPasswordFile(stateFolderOf(running.share), run.log);
  const password = await readPassword();
  if (password === '') await file.remove();
  else await file.set(password);
  const text =
    password === ''
      ? 'There is no password now: the peer is managed from this computer only.'
      : `The password is set. From other computers: https://<address of this computer>:${running.port}/`;
  return run.screen.answer(factsAnswer('web', { password: password !== '' }, text));
}
