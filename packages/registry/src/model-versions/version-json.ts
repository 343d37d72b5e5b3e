import { viewRef, type FieldManifest } from '@larder/features';
import type { AliasMove, AliasState } from '../aliases/alias-state.ts';
import type { FleetStanding } from '../aliases/await-in-force.ts';
import type { ModelRecord } from './model-record.ts';
import type { ModelVersion } from './read-model-versions.ts';

/** `bad` and `collected` take precedence: such a version is neither promoted nor rolled back to. */
export type VersionState = 'complete' | 'filling' | 'bad' | 'collected';

/** A model version in the form of the HTTP API and the CLI. */
export function versionJson(record: ModelRecord, each: ModelRecord['versions'][number]) {
  const { version, bad, promotion, postprocess: post } = each;
  const filling = record.coverage.get(version);
  return {
    model: each.model,
    version,
    state: stateOf(each),
    coverage:
      filling === undefined
        ? null
        : {
            wanted: filling.wanted,
            views: filling.views.map(({ ref, share, landed, expected }) => ({
              ref,
              share,
              landed,
              expected,
            })),
          },
    aliases: record.aliases.filter((alias) => alias.version === version).map(({ alias }) => alias),
    applied_at: each.createdAt.toISOString(),
    actor: each.actor,
    manifest_id: each.manifestId,
    complete_at: each.completeAt?.toISOString() ?? null,
    promote_when_complete:
      promotion === null
        ? null
        : {
            alias: promotion.alias,
            actor: promotion.actor,
            reason: promotion.reason,
            refused: promotion.refused ?? null,
          },
    collected_at: each.collectedAt?.toISOString() ?? null,
    bad:
      bad === null ? null : { actor: bad.actor, reason: bad.reason, marked_at: bad.markedAt.toISOString() },
    artifact: { path: each.artifactPath, sha256: each.artifactSha256 },
    inputs: each.inputs.flatMap(({ view, version: viewVersion, features }) =>
      features.map(
        (feature) =>
          `${viewVersion === null ? view : viewRef({ name: view, version: viewVersion })}:${feature}`,
      ),
    ),
    outputs: (post?.schema ?? each.outputs).map(copyOf),
    postprocess:
      post === null
        ? null
        : {
            name: post.name,
            outputs: (post.outputs ?? []).map(copyOf),
            request: post.request.map(copyOf),
          },
    training: each.training,
    measured: each.measured,
  };
}

function copyOf(field: FieldManifest): FieldManifest {
  return { ...field };
}

function stateOf({ bad, collectedAt, completeAt }: ModelVersion): VersionState {
  if (collectedAt !== null) return 'collected';
  if (bad !== null) return 'bad';
  return completeAt === null ? 'filling' : 'complete';
}

/** An alias: only what changes by a move, so that the move identifies the whole of it. */
export function aliasJson({ model, alias, version, move }: AliasState) {
  return {
    model,
    alias,
    version,
    move_id: move?.moveId ?? null,
    kind: move?.kind ?? null,
    actor: move?.actor ?? null,
    reason: move?.reason ?? null,
    moved_at: move?.movedAt.toISOString() ?? null,
  };
}

export function moveJson(move: AliasMove) {
  return {
    move_id: move.moveId,
    alias: move.alias,
    kind: move.kind,
    from_version: move.fromVersion,
    to_version: move.toVersion,
    actor: move.actor,
    reason: move.reason,
    moved_at: move.movedAt.toISOString(),
  };
}

/** A move and where it is in force; `standing` null: nobody waited. */
export function moveResultJson(
  move: AliasMove,
  { changed, standing }: { readonly changed: boolean; readonly standing: FleetStanding | null },
) {
  const { inForce = [], waiting = [] } = standing ?? {};
  return {
    model: move.model,
    alias: move.alias,
    version: move.toVersion as number,
    from_version: move.fromVersion,
    move_id: move.moveId,
    kind: move.kind,
    actor: move.actor,
    reason: move.reason,
    moved_at: move.movedAt.toISOString(),
    changed,
    in_force: standing === null ? null : waiting.length === 0,
    processes: [
      ...inForce.map(({ processId, host, pid }) => ({
        process_id: processId,
        host,
        pid,
        in_force: true,
        failed: false,
        reason: null,
      })),
      ...waiting.map(({ process: { processId, host, pid }, failed, reason }) => ({
        process_id: processId,
        host,
        pid,
        in_force: false,
        failed,
        reason,
      })),
    ],
  };
}
