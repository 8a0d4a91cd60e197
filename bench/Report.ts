/** The result of one bench. */
export interface Report {
  /** The question, as a heading. */
  readonly title: string;
  readonly tables: readonly Table[];
  /** Goals, and whether each was reached. */
  readonly goals: readonly Goal[];
  /** Contenders that did not run, and other remarks for the reader. */
  readonly notes: readonly string[];
  /** All single figures, for the JSON file. */
  readonly figures: unknown;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Goal {
  /** "at least 2.5 x libtorrent, memory" */
  readonly text: string;
  readonly reached: string;
  readonly met: boolean;
}

export function atLeast(text: string, least: number, figure: number, digits = 2): Goal {
  return { text, reached: figure.toFixed(digits), met: figure >= least };
}

export function atMost(text: string, most: number, figure: number, digits = 2): Goal {
  return { text, reached: figure.toFixed(digits), met: figure <= most };
}

/** The report as Markdown, without its heading. */
export function markdown(report: Report): string {
  const table = ({ columns, rows }: Table) =>
    [row(columns), row(columns.map(() => '---')), ...rows.map(row)].join('\n');
  const goals = report.goals.map(({ text, reached, met }) => [text, reached, met ? 'yes' : '**no**']);
  const parts = report.tables.map(table);
  if (goals.length > 0) parts.push(table({ columns: ['Goal', 'Reached', 'Met'], rows: goals }));
  if (report.notes.length > 0) parts.push(report.notes.map((note) => `- ${note}`).join('\n'));
  return parts.join('\n\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
