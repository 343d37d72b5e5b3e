/** A project to start from: its folder in `templates/`, and what to try first. */
interface Template {
  readonly summary: string;
  /** Arguments of `larder`. */
  readonly backfill: string;
  readonly predict: string;
}

export const TEMPLATES = {
  photos: {
    summary: 'pictures in a folder; the model says how well one suits its place on the page',
    backfill: 'backfill picture_light',
    predict: 'predict appeal --picture_id blue.png --width 600 --height 400',
  },
  tabular: {
    summary: 'orders of customers; the model says whether one will buy',
    backfill: 'backfill order_totals',
    predict: 'predict purchase --customer_id anna.csv --now 2026-11-20T09:30:00Z --amount 35',
  },
  text: {
    summary: 'reviews as text; the model ranks them for a query',
    backfill: 'backfill review_words',
    predict: "predict ranking --review_id kettle.txt --query 'a quiet kettle'",
  },
} as const satisfies Readonly<Record<string, Template>>;

export type TemplateName = keyof typeof TEMPLATES;

export const TEMPLATE_NAMES = Object.keys(TEMPLATES) as readonly TemplateName[];
