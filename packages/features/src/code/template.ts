import type { AnyNode } from 'acorn';
import { FUNCTION_CONSTRUCTORS, isLarder } from './larder-package.ts';
import type { Import } from './module.ts';
import { isNode, type Names, type Variable } from './names.ts';
import type { UserModule } from './user-module.ts';

/** A part of a template: text, or what depends on other modules. */
export type Part = string | Variable | Member | LateImport | Definition;

/** `scales.linear`, where `scales` is imported as a namespace. */
export interface Member {
  readonly namespace: Variable;
  readonly name: string;
}

/** A call of Larder that defines something, with its arguments left out: a definition is data, and no part of the code. */
export interface Definition {
  readonly definition: string;
  readonly start: number;
  readonly end: number;
}

/** The module of an `import()` with a literal path. */
export interface LateImport {
  readonly specifier: string;
}

/**
 * The syntax tree of some code as text without positions, quotes or names of local variables, which are numbered by
 * their first appearance. Top-level variables are left open, for the same code says the same whatever they are called.
 */
export type Template = readonly Part[];

/** Members that say how something was written, not what it does. */
const WRITING = new Set(['type', 'start', 'end', 'loc', 'range', 'raw', 'shorthand', 'sourceType']);

export function templateOf(
  root: AnyNode,
  { names }: Pick<UserModule, 'names'>,
  imports: ReadonlyMap<Variable, Import>,
): Template {
  const parts: Part[] = [];
  const locals = new Map<Variable | string, number>();
  let text = '';
  const open = (part: Part): void => {
    parts.push(text, part);
    text = '';
  };

  function write(node: AnyNode): void {
    switch (node.type) {
      case 'Identifier':
        return writeVariable(node, node.name);
      case 'PrivateIdentifier':
        text += `#${numberOf(`#${node.name}`)}`;
        return;
      case 'Literal':
        text += literalText(node);
        return;
      case 'TemplateElement':
        text += JSON.stringify(node.value.cooked ?? null);
        return;
      case 'TaggedTemplateExpression':
        text += `(Tagged ${JSON.stringify(node.quasi.quasis.map(({ value }) => value.raw))}`;
        writeMembers(node);
        text += ')';
        return;
      case 'MemberExpression': {
        const member = namespaceMember(node);
        if (member === null) return writeNode(node);
        return open(member);
      }
      case 'CallExpression': {
        const definition = definitionName(node.callee, names, imports);
        if (definition === null) return writeNode(node);
        return open({ definition, start: node.start, end: node.end });
      }
      case 'ImportExpression':
        if (node.source.type !== 'Literal' || typeof node.source.value !== 'string') return writeNode(node);
        text += '(import ';
        open({ specifier: node.source.value });
        text += ')';
        return;
      default:
        return writeNode(node);
    }
  }

  function writeNode(node: AnyNode): void {
    text += `(${node.type}`;
    writeMembers(node);
    text += ')';
  }

  function writeMembers(node: AnyNode): void {
    const members = Object.entries(node) as [string, unknown][];
    for (const [key, member] of members.sort(([a], [b]) => (a < b ? -1 : 1))) {
      // What is absent is left out: a later parser may add members.
      if (WRITING.has(key) || member === null || member === undefined || member === false) continue;
      if (Array.isArray(member)) {
        if (member.length > 0) writeList(key, member as unknown[]);
        continue;
      }
      text += ` ${key}:`;
      if (isFixedName(node, key) && (member as AnyNode).type !== 'PrivateIdentifier')
        text += JSON.stringify(fixedName(member as AnyNode));
      else if (isNode(member)) write(member);
      // `let` that could be `const` is a matter of style.
      else text += member === 'const' ? '"let"' : JSON.stringify(member);
    }
  }

  function writeList(key: string, list: readonly unknown[]): void {
    text += ` ${key}:[`;
    for (const each of list) {
      if (isNode(each)) {
        if (each.type === 'EmptyStatement') continue;
        write(each);
      } else text += '_';
      text += ',';
    }
    text += ']';
  }

  function writeVariable(node: AnyNode, name: string): void {
    const variable = names.variables.get(node);
    if (variable === undefined) text += `global ${name}`;
    else if (variable.top) open(variable);
    else {
      text += `$${numberOf(variable)}`;
    }
  }

  function numberOf(local: Variable | string): number {
    const number = locals.get(local) ?? locals.size;
    locals.set(local, number);
    return number;
  }

  function namespaceMember(node: Extract<AnyNode, { type: 'MemberExpression' }>): Member | null {
    if (node.object.type !== 'Identifier' || node.optional) return null;
    const variable = names.variables.get(node.object);
    if (variable === undefined || imports.get(variable)?.name !== '*') return null;
    if (!node.computed && node.property.type === 'Identifier')
      return { namespace: variable, name: node.property.name };
    const literal = node.property.type === 'Literal' ? node.property.value : null;
    return typeof literal === 'string' ? { namespace: variable, name: literal } : null;
  }

  write(root);
  parts.push(text);
  return parts.filter((part) => part !== '');
}

/** Larder's functions whose arguments hold code. */
const HOLDS_CODE = new Set([...FUNCTION_CONSTRUCTORS, 'defineComputation']);

/** `f` of `f.float32().default(0)`, when it is one of Larder's. */
function definitionName(
  callee: AnyNode,
  names: Names,
  imports: ReadonlyMap<Variable, Import>,
): string | null {
  let node = callee;
  let member: string | null = null;
  while (node.type === 'MemberExpression' || node.type === 'CallExpression') {
    if (node.type === 'MemberExpression')
      member = node.property.type === 'Identifier' && !node.computed ? node.property.name : null;
    node = node.type === 'MemberExpression' ? node.object : node.callee;
  }
  const variable = names.variables.get(node);
  const imported = variable?.top ? imports.get(variable) : undefined;
  if (imported === undefined || !isLarder(imported.specifier)) return null;
  const name = imported.name === '*' ? member : imported.name;
  return name === null || HOLDS_CODE.has(name) ? null : name;
}

/** A name in the text itself: a property's or a label's. */
function isFixedName(node: AnyNode, key: string): boolean {
  if (key === 'property')
    return node.type === 'MetaProperty' || (node.type === 'MemberExpression' && !node.computed);
  if (key === 'key') return 'computed' in node && !node.computed;
  return key === 'label' || key === 'meta';
}

/** `{ rate }`, `{ 'rate': … }` and `{ rate: … }` have one name. */
function fixedName(node: AnyNode): string {
  return node.type === 'Identifier' ? node.name : String((node as { readonly value?: unknown }).value);
}

function literalText(node: Extract<AnyNode, { type: 'Literal' }>): string {
  if (node.regex) return `/${node.regex.pattern}/${node.regex.flags}`;
  if (typeof node.bigint === 'string') return `${node.bigint}n`;
  return typeof node.value === 'string' ? JSON.stringify(node.value) : String(node.value);
}
