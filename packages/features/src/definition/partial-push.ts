/**
 * What a push does with a feature that a row leaves out: `refuse` rejects the row, `keep` keeps the newest value that
 * Larder knows, `null` stores null.
 */
export type WhenLeftOut = 'refuse' | 'keep' | 'null';

/** One rule for all features, or some of their own. `default` is `refuse` where it is left out. */
export type PartialPush =
  | WhenLeftOut
  | {
      readonly default?: WhenLeftOut;
      readonly fields?: Readonly<Record<string, WhenLeftOut>>;
    };

/** `Rule` itself, if it names no other features than these. */
export type FittingRule<Rule, Columns> = Rule extends { readonly fields: infer F }
  ? { readonly fields: { readonly [N in keyof F]: N extends keyof Columns ? unknown : never } }
  : unknown;

/** Members of a pushed row: those that a rule lets rows leave out are optional. */
export type PushedMembers<Columns, Rule> = Rule extends 'refuse'
  ? Columns
  : Rule extends WhenLeftOut
    ? Partial<Columns>
    : { readonly [C in Exclude<keyof Columns, LeftOut<Columns, Rule>>]: Columns[C] } & {
        readonly [C in LeftOut<Columns, Rule>]?: Columns[C];
      };

type LeftOut<Columns, Rule> = {
  [C in keyof Columns]: RuleOf<C, Rule> extends 'refuse' ? never : C;
}[keyof Columns];

type RuleOf<Column, Rule> = Rule extends { readonly fields: infer F }
  ? Column extends keyof F
    ? F[Column]
    : DefaultOf<Rule>
  : DefaultOf<Rule>;

type DefaultOf<Rule> = Rule extends { readonly default: infer D } ? D : 'refuse';

/** The rule of one feature. */
export function whenLeftOut(rule: PartialPush, name: string): WhenLeftOut {
  if (typeof rule === 'string') return rule;
  return (
    (Object.hasOwn(rule.fields ?? {}, name) ? rule.fields?.[name] : undefined) ?? rule.default ?? 'refuse'
  );
}
