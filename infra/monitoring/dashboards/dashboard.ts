/** A graph of a dashboard. Ranges are fixed, so that the query is valid outside of Grafana too. */
export interface Panel {
  readonly title: string;
  /** Unit of Grafana. */
  readonly unit?: 's' | 'reqps' | 'percentunit' | 'bytes' | 'short' | 'dateTimeAsIso';
  /** Queries by what their series are called; templates of Grafana. */
  readonly queries: Readonly<Record<string, string>>;
  /** Why it has no series while all is well. */
  readonly emptyWhen?: string;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly rows: Readonly<Record<string, readonly Panel[]>>;
}

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const WIDTH = 8;
const HEIGHT = 8;

/** The JSON that Grafana imports. */
export function dashboardJson({ uid, title, rows }: Dashboard): string {
  let id = 0;
  let top = 0;
  const panels: object[] = [];
  for (const [row, graphs] of Object.entries(rows)) {
    const place = { x: 0, y: top, w: 24, h: 1 };
    panels.push({ id: ++id, type: 'row', title: row, collapsed: false, gridPos: place, panels: [] });
    top += 1;
    for (const [at, panel] of graphs.entries()) {
      const y = top + Math.floor(at / 3) * HEIGHT;
      panels.push(graph(panel, ++id, { x: (at % 3) * WIDTH, y, w: WIDTH, h: HEIGHT }));
    }
    top += Math.ceil(graphs.length / 3) * HEIGHT;
  }
  const variable = { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' };
  const board = {
    uid,
    title,
    tags: ['larder'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [variable] },
    panels,
  };
  return `${JSON.stringify(board, null, 2)}\n`;
}

function graph({ title, unit = 'short', queries, emptyWhen }: Panel, id: number, gridPos: object): object {
  return {
    id,
    type: 'timeseries',
    title,
    ...(emptyWhen !== undefined && { description: `Empty when ${emptyWhen}.` }),
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: { defaults: { unit }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
    targets: Object.entries(queries).map(([legendFormat, expr], at) => ({
      refId: String.fromCodePoint(65 + at),
      datasource: DATASOURCE,
      expr,
      legendFormat,
    })),
  };
}
