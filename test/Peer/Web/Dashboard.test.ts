import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { peerMetrics } from '../../../Peer/Web/Metrics.ts';
import { trackerMetrics } from '../../../Tracker/Metrics/TrackerMetrics.ts';
import { FakeWebHost } from './FakeWebHost.ts';

interface Dashboard {
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

async function file(path: string): Promise<string> {
  return readFile(new URL(`../../../docs/${path}`, import.meta.url), 'utf8');
}

/** Names of the metrics that peer and tracker show. */
async function shown(): Promise<Set<string>> {
  const host = new FakeWebHost();
  const tracker = { peers: 0, files: 0, served: 0, refused: 0, limited: 0, malformed: 0, forged: 0, late: 0 };
  const texts = [
    await peerMetrics(() => host.facts()).text(),
    await trackerMetrics().text({ stats: { ...tracker, foreign: 0, cluster: undefined } }),
  ];
  return new Set(
    texts.flatMap((text) =>
      [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', kind]) =>
        kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    ),
  );
}

test('the dashboard asks for metrics that exist, and for every one of Shoal', async () => {
  const { panels, templating } = JSON.parse(await file('grafana/shoal.json')) as Dashboard;
  const asked = [
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...templating.list.flatMap(({ definition = [] }) => definition),
  ].flatMap((expression) => expression.match(/\b(?:shoal|process|nodejs)_\w+/g) ?? []);
  const known = await shown();
  expect(asked.length).toBeGreaterThan(30);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
  const own = [...known].filter((name) => name.startsWith('shoal_'));
  expect(own.filter((name) => !asked.includes(name))).toEqual([]);
});

test('the reference names every metric of Shoal', async () => {
  const reference = await file('reference/metrics.md');
  const names = [...(await shown())].filter(
    (name) => name.startsWith('shoal_') && !/_(sum|count)$/.test(name),
  );
  expect(names.filter((name) => !reference.includes(`\`${name.replace(/_bucket$/, '')}`))).toEqual([]);
});
