import { dashboards } from '@larder/infra/monitoring/dashboards';

/** Every query of the dashboards, under a name of its own. */
export const PANELS = dashboards()
  .flatMap(({ title, rows }) =>
    Object.values(rows)
      .flat()
      .flatMap(({ title: panel, queries, emptyWhen }) =>
        Object.values(queries).map((expr) => ({ panel: `${title}: ${panel}`, expr, emptyWhen })),
      ),
  )
  .map((panel, at) => Object.assign(panel, { name: `panel_${at}` }));

/** A rule file that records each query. */
export function panelRules(): string {
  const rules = PANELS.map(({ name, expr }) => ({ record: name, expr }));
  return JSON.stringify({ groups: [{ name: 'panels', rules }] });
}
