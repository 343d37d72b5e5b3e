import { extname } from 'node:path';
import type { Program } from 'acorn';
import { findDefinitions, nodesOf, type ViewDefinition } from './find-definition.ts';
import { findReferences } from './find-references.ts';
import { findSource, type SourceConstant } from './find-source.ts';
import { parseConfig } from './parse-config.ts';

export interface VersionRequest {
  readonly view: string;
  /** Number of the next version. */
  readonly version: number;
  /** Models and on-demand views of the module read the next version. @default false: they keep reading the old one */
  readonly moveModels?: boolean;
}

/** A module of the computation, kept as the old version uses it. */
export interface KeptModule {
  /** As the definition imports it: `./src/picture-light.ts`. */
  readonly from: string;
  readonly to: string;
}

export interface NextVersion {
  /** The whole module with both versions. */
  readonly text: string;
  /** Exports of the next and of the old version. */
  readonly name: string;
  readonly oldName: string;
  readonly oldVersion: number;
  readonly modules: readonly KeptModule[];
  /** The source constant that was copied: the old version reads the copy, whose type its modules import. */
  readonly source: { readonly name: string; readonly oldName: string } | null;
  /** A source constant that both versions read, because other definitions use it or it is not in this module. */
  readonly sharedSource: string | null;
}

/** Why the module cannot be edited mechanically. */
export interface NotEditable {
  readonly problem: string;
}

/**
 * The module with the next version of a view under the view's name, and the old version below it as a second export.
 * Everything else in the text stays as it is.
 */
export function nextVersion(text: string, request: VersionRequest): NextVersion | NotEditable {
  const { view, version, moveModels = false } = request;
  let program: Program;
  try {
    program = parseConfig(text);
  } catch (error) {
    return { problem: `it cannot be parsed: ${error instanceof Error ? error.message : String(error)}` };
  }
  const definition = findDefinitions(program, view).toSorted((a, b) => b.version - a.version)[0];
  if (definition === undefined)
    return {
      problem: `it has no export const … = featureView('${view}', { version: …, … }) written as a plain literal`,
    };
  const { name, version: oldVersion, statement, versionLiteral } = definition;
  const oldName = `${name}V${oldVersion}`;
  if (new RegExp(String.raw`\b${oldName}\b`).test(text)) return { problem: `the name ${oldName} is taken` };
  const references = findReferences(program, name);
  if (references === null)
    return { problem: `${name} is exported or bound a second time, so that its uses cannot be told apart` };
  const source = findSource(program, definition);
  const copied =
    source?.statement == null
      ? null
      : { ...source, statement: source.statement, oldName: `${source.name}V${oldVersion}` };
  if (copied !== null && new RegExp(String.raw`\b${copied.oldName}\b`).test(text))
    return { problem: `the name ${copied.oldName} is taken` };
  const old = oldDefinition(text, definition, { oldName, copied });
  const edits: Edit[] = [
    { start: versionLiteral.start, end: versionLiteral.end, text: String(version) },
    { start: statement.end, end: statement.end, text: `\n\n${old.text}` },
    ...references
      .filter(({ node, read }) => !(moveModels && read) && !isWithin(node, statement))
      .map(({ node, shorthand }) => ({
        start: node.start,
        end: node.end,
        text: shorthand ? `${name}: ${oldName}` : oldName,
      })),
  ];
  return {
    text: edited(text, edits),
    name,
    oldName,
    oldVersion,
    modules: old.modules,
    source: copied && { name: copied.name, oldName: copied.oldName },
    sharedSource: copied === null ? (source?.name ?? null) : null,
  };
}

interface Place {
  readonly start: number;
  readonly end: number;
}

interface Edit extends Place {
  readonly text: string;
}

function isWithin(inner: Place, outer: Place): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}

interface OldNames {
  readonly oldName: string;
  readonly copied: (SourceConstant & { readonly statement: Place; readonly oldName: string }) | null;
}

/**
 * The old definition under its new name; its source and its own modules are copies, so that the next version may change
 * the originals.
 */
function oldDefinition(
  text: string,
  { statement, name, version, call }: ViewDefinition,
  { oldName, copied }: OldNames,
) {
  const imports = nodesOf(call).flatMap(({ node }) =>
    node.type === 'ImportExpression' &&
    node.source.type === 'Literal' &&
    String(node.source.value).startsWith('.')
      ? [{ source: node.source, from: String(node.source.value) }]
      : [],
  );
  const modules = imports.map(({ source, from }) => ({ source, from, to: keptPath(from, version) }));
  const at = statement.start;
  const edits = [
    ...(copied === null
      ? []
      : [
          {
            start: copied.node.start - at,
            end: copied.node.end - at,
            text: copied.shorthand ? `${copied.name}: ${copied.oldName}` : copied.oldName,
          },
        ]),
    ...modules.map(({ source, to }) => ({
      start: source.start + 1 - at,
      end: source.end - 1 - at,
      text: to,
    })),
  ];
  const comment = `/** Version ${version}, for what reads it until ${name} is filled. Then remove it. */`;
  const view = renamed(edited(text.slice(at, statement.end), edits), name, oldName);
  const source =
    copied === null
      ? ''
      : `${renamed(text.slice(copied.statement.start, copied.statement.end), copied.name, copied.oldName)}\n\n`;
  return {
    text: `${source}${comment}\n${view}`,
    modules: modules.map(({ from, to }) => ({ from, to })),
  };
}

/** The statement declares another name. */
function renamed(statement: string, name: string, to: string): string {
  return statement.replace(new RegExp(String.raw`\b(const|let|var)(\s+)${name}\b`), `$1$2${to}`);
}

function keptPath(path: string, version: number): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-v${version}${extension}`;
}

function edited(text: string, edits: readonly Edit[]): string {
  let result = '';
  let position = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(position, edit.start) + edit.text;
    position = edit.end;
  }
  return result + text.slice(position);
}
