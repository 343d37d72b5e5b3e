import type { AnyNode, Pattern, Program } from 'acorn';

/** A name that a module declares. Two with one name in different scopes are two variables. */
export interface Variable {
  readonly name: string;
  /** Declared at the top level of its module, by a declaration or an import. */
  readonly top: boolean;
}

export interface Names {
  /** What each identifier declares or refers to; absent for globals, and for identifiers that name no variable. */
  readonly variables: ReadonlyMap<AnyNode, Variable>;
  readonly top: ReadonlyMap<string, Variable>;
}

/** Resolves the identifiers of a module by the scopes of ECMAScript (strict mode). */
export function resolveNames(program: Program): Names {
  const variables = new Map<AnyNode, Variable>();
  const module = new Scope(null);
  for (const statement of program.body)
    if (statement.type === 'ImportDeclaration')
      for (const { local } of statement.specifiers) module.declare(local.name);
  module.declareVars(program.body);
  module.declareLexical(program.body);
  for (const statement of program.body) visit(statement, module);
  return { variables, top: module.own };

  function visit(node: AnyNode, scope: Scope): void {
    switch (node.type) {
      case 'Identifier': {
        const found = scope.find(node.name);
        if (found !== undefined) variables.set(node, found);
        return;
      }
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return visitFunction(node, scope);
      case 'ClassDeclaration':
      case 'ClassExpression': {
        const inner = new Scope(scope);
        if (node.id) {
          if (node.type === 'ClassExpression') inner.declare(node.id.name);
          visit(node.id, inner);
        }
        if (node.superClass) visit(node.superClass, inner);
        return visit(node.body, inner);
      }
      case 'StaticBlock':
      case 'BlockStatement':
        return visitBlock(node.body, scope, node.type === 'StaticBlock');
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement': {
        const inner = new Scope(scope);
        const first = node.type === 'ForStatement' ? node.init : node.left;
        if (first?.type === 'VariableDeclaration') inner.declareLexical([first]);
        return visitChildren(node, inner);
      }
      case 'SwitchStatement': {
        visit(node.discriminant, scope);
        const inner = new Scope(scope);
        inner.declareLexical(node.cases.flatMap(({ consequent }) => consequent));
        for (const each of node.cases) visitChildren(each, inner);
        return;
      }
      case 'CatchClause': {
        const inner = new Scope(scope);
        if (node.param) for (const { name } of patternNames(node.param)) inner.declare(name);
        return visitChildren(node, inner);
      }
      case 'MemberExpression':
        visit(node.object, scope);
        if (node.computed) visit(node.property, scope);
        return;
      case 'Property':
      case 'MethodDefinition':
      case 'PropertyDefinition':
        if (node.computed) visit(node.key, scope);
        if (node.value) visit(node.value, scope);
        return;
      case 'LabeledStatement':
        return visit(node.body, scope);
      case 'ExportNamedDeclaration':
        if (node.declaration) visit(node.declaration, scope);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
        return;
      default:
        return visitChildren(node, scope);
    }
  }

  function visitChildren(node: AnyNode, scope: Scope): void {
    for (const child of childrenOf(node)) visit(child, scope);
  }

  function visitBlock(statements: readonly AnyNode[], scope: Scope, vars: boolean): void {
    const inner = new Scope(scope);
    if (vars) inner.declareVars(statements);
    inner.declareLexical(statements);
    for (const statement of statements) visit(statement, inner);
  }

  function visitFunction(
    node: Extract<
      AnyNode,
      { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }
    >,
    scope: Scope,
  ): void {
    let outer = scope;
    if (node.type === 'FunctionExpression' && node.id) {
      outer = new Scope(scope);
      outer.declare(node.id.name);
    }
    if (node.id) visit(node.id, outer);
    const parameters = new Scope(outer);
    for (const { name } of node.params.flatMap((param) => patternNames(param))) parameters.declare(name);
    for (const param of node.params) visit(param, parameters);
    if (node.body.type !== 'BlockStatement') return visit(node.body, parameters);
    // `var` and functions of the body share the variable of a parameter with their name.
    const body = new Scope(parameters);
    const isParameter = (name: string): boolean => parameters.own.has(name);
    body.declareVars(node.body.body, isParameter);
    body.declareLexical(node.body.body, isParameter);
    for (const statement of node.body.body) visit(statement, body);
  }
}

class Scope {
  readonly own = new Map<string, Variable>();
  readonly #parent: Scope | null;

  constructor(parent: Scope | null) {
    this.#parent = parent;
  }

  declare(name: string): void {
    if (!this.own.has(name)) this.own.set(name, { name, top: this.#parent === null });
  }

  find(name: string): Variable | undefined {
    return this.own.get(name) ?? this.#parent?.find(name);
  }

  /** `let`, `const`, classes and functions directly among the statements. */
  declareLexical(statements: readonly AnyNode[], except: (name: string) => boolean = () => false): void {
    for (const statement of statements) {
      const node = declarationOf(statement);
      if (node?.type === 'VariableDeclaration' && node.kind !== 'var') {
        for (const { id } of node.declarations) for (const { name } of patternNames(id)) this.declare(name);
      } else if (node?.type === 'FunctionDeclaration' || node?.type === 'ClassDeclaration') {
        if (node.id && !except(node.id.name)) this.declare(node.id.name);
      }
    }
  }

  /** `var` anywhere below the statements, outside of functions. */
  declareVars(statements: readonly AnyNode[], except: (name: string) => boolean = () => false): void {
    const nodes = [...statements];
    for (const node of nodes) {
      if (isFunctionOrClass(node) || node.type === 'StaticBlock') continue;
      if (node.type === 'VariableDeclaration' && node.kind === 'var')
        for (const { name } of node.declarations.flatMap(({ id }) => patternNames(id)))
          if (!except(name)) this.declare(name);
      nodes.push(...childrenOf(node));
    }
  }
}

/** The declaration that a statement is or exports. */
export function declarationOf(statement: AnyNode): AnyNode | null | undefined {
  return statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration'
    ? statement.declaration
    : statement;
}

/** Identifiers that a pattern declares, in order. */
export function patternNames(pattern: Pattern): { readonly name: string }[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern];
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        patternNames(property.type === 'RestElement' ? property.argument : property.value),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element ? patternNames(element) : []));
    case 'AssignmentPattern':
      return patternNames(pattern.left);
    case 'RestElement':
      return patternNames(pattern.argument);
    case 'MemberExpression':
      return [];
  }
}

export function isFunctionOrClass(node: AnyNode): boolean {
  return /Function|^Class(?:Expression|Declaration)$/.test(node.type);
}

/** Nodes directly below a node. */
export function childrenOf(node: AnyNode): AnyNode[] {
  const children: AnyNode[] = [];
  for (const member of Object.values(node) as unknown[]) {
    if (typeof member !== 'object' || member === null) continue;
    if (Array.isArray(member)) {
      for (const each of member as unknown[]) if (isNode(each)) children.push(each);
    } else if (isNode(member)) children.push(member);
  }
  return children;
}

export function isNode(value: unknown): value is AnyNode {
  return (
    typeof value === 'object' &&
    value !== null &&
    'start' in value &&
    typeof (value as AnyNode).type === 'string'
  );
}
