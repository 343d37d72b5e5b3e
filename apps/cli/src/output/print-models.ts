import type { AliasAnswer, AliasMoveAnswer, ModelVersionAnswer } from '@larder/contracts';
import type { Output, Style } from './output.ts';
import { oneLine, printableAgo, printableCount, printableInstant } from './printable.ts';
import { table } from './table.ts';

export interface ListedModel {
  readonly model: string;
  readonly versions: number;
  readonly newest: number;
  readonly aliases: readonly AliasAnswer[];
}

/** Prints every model, one line each. */
export function printModels(models: readonly ListedModel[], out: Output): void {
  if (models.length === 0) {
    out.note('No model is applied. Apply the definitions: larder apply');
    return;
  }
  const lines = table(
    [
      { title: 'MODEL' },
      { title: 'VERSIONS', align: 'right' },
      { title: 'NEWEST', align: 'right' },
      { title: 'ALIASES' },
    ],
    models.map(({ model, versions, newest, aliases }) => [
      model,
      String(versions),
      String(newest),
      aliases.map(({ alias, version }) => `${alias} ${version}`).join(', '),
    ]),
  );
  for (const line of lines) out.line(out.fit(line));
}

/** Of views that lack coverage: the run whose failed rows are missing. */
type FailedRuns = ReadonlyMap<string, string>;

export interface PrintedModel {
  readonly model: string;
  readonly aliases: readonly AliasAnswer[];
  /** Newest first. */
  readonly versions: readonly ModelVersionAnswer[];
  /** Newest first. */
  readonly moves: readonly AliasMoveAnswer[];
  /** False: there are more moves. */
  readonly complete: boolean;
  readonly failed: FailedRuns;
}

/** Prints the aliases of a model, its versions and the history of its moves. */
export function printModel(
  { model, aliases, versions, moves, complete, failed }: PrintedModel,
  out: Output,
): void {
  const { style } = out;
  const nowMs = Date.now();
  out.line(style.bold(`model ${model}`));
  const anyComplete = versions.some(({ complete_at: completeAt }) => completeAt !== null);
  for (const alias of aliases)
    out.line(`  ${alias.alias} is version ${alias.version}${whyText(alias, { nowMs, anyComplete })}`);
  out.line();
  const lines = table(
    [
      { title: 'VERSION', align: 'right' },
      { title: 'STATE' },
      { title: 'ALIASES' },
      { title: 'APPLIED' },
      { title: 'BY', max: 24 },
      { title: 'COMMIT' },
      { title: 'METRICS' },
    ],
    versions.map((each) => [
      String(each.version),
      stateText(each, style),
      each.aliases.join(', '),
      printableAgo(nowMs - Date.parse(each.applied_at)),
      each.actor ?? '',
      shortCommit(each.training),
      pairsText(memberOf(each.training, 'metrics')),
    ]),
  );
  for (const line of lines) out.line(out.fit(line));
  for (const each of versions)
    for (const text of remarks(each, failed)) out.line(`${model}@${each.version}: ${text}`);
  printMoves(moves, out);
  if (!complete) out.note(`There are more moves; the newest ${moves.length} are shown (--limit).`);
}

/** Prints everything about one version. */
export function printVersion(
  each: ModelVersionAnswer,
  { moves, failed }: { readonly moves: readonly AliasMoveAnswer[]; readonly failed: FailedRuns },
  out: Output,
): void {
  const { style } = out;
  const { training } = each;
  out.line(`${style.bold(`${each.model}@${each.version}`)}  ${stateText(each, style)}`);
  if (each.aliases.length > 0) fact('aliases', each.aliases.join(', '));
  fact('applied', `${printableInstant(each.applied_at)}${each.actor === null ? '' : ` by ${each.actor}`}`);
  if (each.complete_at !== null) fact('complete', printableInstant(each.complete_at));
  fact('artifact', `${each.artifact.path}  ${each.artifact.sha256.slice(0, 12)}`);
  for (const text of remarks(each, failed)) fact('', text);
  if (each.measured !== null) fact('measured', pairsText(each.measured));
  if (training !== null) {
    fact('commit', pairsText(memberOf(training, 'commit')));
    fact('metrics', pairsText(memberOf(training, 'metrics')));
    fact('params', pairsText(memberOf(training, 'parameters')));
    fact('data', pairsText(memberOf(training, 'data')));
  }
  fact('inputs', each.inputs.join(', '));
  const listed = (fields: typeof each.outputs): string =>
    fields.map(({ name, type }) => `${name} ${type}`).join(', ');
  fact('outputs', listed(each.outputs));
  if (each.postprocess !== null)
    fact('', `by ${each.postprocess.name} from the artifact's ${listed(each.postprocess.outputs)}`);
  printMoves(moves, out);

  function fact(name: string, text: string): void {
    if (text !== '') out.line(`  ${style.dim(name.padEnd(9))}${oneLine(text)}`);
  }
}

function printMoves(moves: readonly AliasMoveAnswer[], out: Output): void {
  if (moves.length === 0) return;
  out.line();
  const lines = table(
    [
      { title: 'MOVE', align: 'right' },
      { title: 'WHEN (UTC)' },
      { title: 'ALIAS' },
      { title: 'KIND' },
      { title: 'FROM', align: 'right' },
      { title: 'TO', align: 'right' },
      { title: 'BY', max: 24 },
      { title: 'REASON' },
    ],
    moves.map((move) => [
      String(move.move_id),
      move.moved_at.slice(0, 19).replace('T', ' '),
      move.alias,
      move.kind,
      String(move.from_version ?? '-'),
      String(move.to_version ?? '-'),
      move.actor,
      oneLine(move.reason),
    ]),
  );
  for (const line of lines) out.line(out.fit(line));
}

function whyText(
  { move_id: moveId, kind, actor, reason, moved_at: movedAt }: AliasAnswer,
  { nowMs, anyComplete }: { readonly nowMs: number; readonly anyComplete: boolean },
): string {
  if (moveId === null && !anyComplete) return ', follows the newest version; none is complete yet';
  if (moveId === null) return ', follows the newest complete version until its first promote';
  return `: ${kind} by ${actor} ${printableAgo(nowMs - Date.parse(movedAt ?? ''))} (${oneLine(reason ?? '')})`;
}

function stateText({ state, coverage }: ModelVersionAnswer, style: Style): string {
  switch (state) {
    case 'complete':
      return style.green(state);
    case 'bad':
      return style.red(state);
    case 'collected':
      return style.dim(state);
    case 'filling': {
      const shares = coverage?.views.map(({ share }) => share) ?? [];
      return style.yellow(shares.length === 0 ? state : `${state} ${percent(Math.min(...shares))}`);
    }
  }
}

/** What a state does not say. */
function remarks(
  {
    model,
    version,
    bad,
    coverage,
    promote_when_complete: promotion,
    collected_at: collectedAt,
  }: ModelVersionAnswer,
  failed: FailedRuns,
): string[] {
  const texts: string[] = [];
  if (bad !== null)
    texts.push(`marked as bad by ${bad.actor} on ${printableInstant(bad.marked_at)}: ${oneLine(bad.reason)}`);
  if (collectedAt !== null) texts.push(`its artifact was removed on ${printableInstant(collectedAt)}`);
  for (const { ref, share, landed, expected } of coverage?.views ?? [])
    if (share < (coverage?.wanted ?? 0)) {
      texts.push(
        `${ref} has landed ${percent(share)}${expected === null ? '' : `, ${printableCount(landed)} of ${printableCount(expected)}`}; ${percent(coverage?.wanted ?? 0)} are needed, the coverage of the model`,
      );
      const runId = failed.get(ref);
      if (runId !== undefined)
        texts.push(
          `rows of ${ref} failed in run ${runId}: fix the cause, then larder runs ${runId} retry-failed; or lower coverage of the model in larder.config.ts and apply; or larder promote ${model}@${version} --yes --reason '…'`,
        );
    }
  if (promotion !== null && promotion.refused !== null)
    texts.push(
      `was not promoted to ${promotion.alias} when it was complete: ${oneLine(promotion.refused.detail)}`,
    );
  else if (promotion !== null && coverage !== null)
    texts.push(`becomes ${promotion.alias} when it is complete, as ${promotion.actor} asked`);
  return texts;
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

function shortCommit(training: unknown): string {
  const commit = memberOf(training, 'commit');
  return typeof commit === 'string' ? commit.slice(0, 10) : '';
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** `auc 0.81, rows 120000`; nested values as JSON. */
function pairsText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return plainText(value);
  return Object.entries(value)
    .map(([name, each]) => `${name} ${plainText(each)}`)
    .join(', ');
}

function plainText(value: unknown): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  return typeof value === 'string' ? value : JSON.stringify(value);
}
