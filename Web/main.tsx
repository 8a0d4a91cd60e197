import { render } from 'preact';
import { followSecrets, takeSecretFromAddress } from './Api/Secret.ts';
import { App } from './App.tsx';
import { followAddress } from './State/Address.ts';
import { followPeer } from './State/Live.ts';
import { note } from './State/Notes.ts';
import { followQuery } from './State/Results.ts';
import { t, useLanguageOfUser } from './Text/Language.ts';
import './Styles/base.css';
import './Styles/layout.css';
import './Styles/parts.css';
import './Styles/pages.css';

void start();

async function start(): Promise<void> {
  useLanguageOfUser();
  const isTaken = await takeSecretFromAddress();
  followSecrets();
  followAddress();
  followQuery();
  void followPeer();
  const page = document.getElementById('page');
  if (page !== null) render(<App />, page);
  if (!isTaken) note(t('login.used'), t('login.usedHint'), true);
}
