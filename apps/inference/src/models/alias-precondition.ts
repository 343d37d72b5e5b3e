import { LarderError } from '@larder/core';
import type { AliasRecord, AliasState, MoveOptions } from '@larder/registry';
import type { Request } from 'express';

const TAGS = /^\s*(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*\s*$/;
const OURS = /^"(?:(?<move>[1-9]\d{0,14})|follows-(?<version>[1-9]\d{0,8}))"$/;

/** A strong ETag: the move, or the version that an alias follows while nobody has moved it. */
export function aliasTag({ move, version }: AliasState): string {
  return move === null ? `"follows-${version}"` : `"${move.moveId}"`;
}

/**
 * What a move requires, from `If-Match` (the ETag, or `*`: the alias exists) or `If-None-Match: *` (nobody has moved it).
 * RFC 9110, 13.1. @throws PRECONDITION_REQUIRED, ALIAS_MOVED, REQUEST_INVALID
 */
export function expectedOf(
  request: Pick<Request, 'get'>,
  { state, newest }: AliasRecord,
): Pick<MoveOptions, 'expectedMoveId' | 'expectedVersion'> {
  const match = request.get('if-match');
  const noneMatch = request.get('if-none-match');
  if (match === undefined && noneMatch === undefined)
    throw new LarderError(
      'PRECONDITION_REQUIRED',
      'Send the ETag of the alias as If-Match, so that you do not undo a move that you have not seen; for an alias that nobody has moved, If-None-Match: *.',
    );
  if (match !== undefined && noneMatch !== undefined)
    throw headerInvalid('if-none-match', 'excludes If-Match');
  if (noneMatch !== undefined) {
    if (noneMatch.trim() !== '*') throw headerInvalid('if-none-match', 'must be *');
    if (state !== null && state.move !== null) throw moved('It has been moved already.');
    return { expectedMoveId: newest?.moveId ?? null };
  }
  if (match?.trim() === '*') {
    if (state === null) throw moved('There is no such alias; create it with If-None-Match: *.');
    return {};
  }
  return expectedByTag(match ?? '', state);
}

function expectedByTag(
  match: string,
  state: AliasState | null,
): Pick<MoveOptions, 'expectedMoveId' | 'expectedVersion'> {
  if (!TAGS.test(match)) throw headerInvalid('if-match', 'must be the ETag of the alias, such as "12", or *');
  const tags: string[] = match.match(/(?:W\/)?"[^"]*"/g) ?? [];
  const [first = ''] = tags;
  // With another tag, the move decides: it may be the repetition of one whose answer was lost.
  const tag = state !== null && tags.includes(aliasTag(state)) ? aliasTag(state) : first;
  const { move, version } = OURS.exec(tag)?.groups ?? {};
  if (move !== undefined) return { expectedMoveId: Number(move) };
  if (version !== undefined) return { expectedMoveId: null, expectedVersion: Number(version) };
  throw moved('If-Match is not an ETag of it; a weak one never matches.');
}

function moved(why: string): LarderError {
  return new LarderError(
    'ALIAS_MOVED',
    `The alias is not as the request requires. ${why} Nothing was changed.`,
  );
}

function headerInvalid(header: string, detail: string): LarderError {
  return new LarderError('REQUEST_INVALID', `The header ${header} ${detail}.`, {
    errors: [{ pointer: `/headers/${header}`, detail }],
  });
}
