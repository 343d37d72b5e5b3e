import type { AnyNode } from 'acorn';
import { childrenOf, isFunctionOrClass, patternNames, type Variable } from './names.ts';
import { templateOf, type Template } from './template.ts';
import { isCode, parseUserModule, type UserModule } from './user-module.ts';

/** A file of the project, cut into its units. */
export interface Module {
  /** Absolute. */
  readonly path: string;
  readonly source: string;
  /** Null for data, such as JSON. */
  readonly parsed: UserModule | null;
  readonly imports: ReadonlyMap<Variable, Import>;
  readonly exports: ReadonlyMap<string, Export>;
  /** Of `export * from`. */
  readonly stars: readonly string[];
  /** By what they declare. */
  readonly declarations: ReadonlyMap<Variable, Unit>;
  /** Statements that declare nothing, in order. */
  readonly effects: readonly Unit[];
  /** The file as one unit when it is no ES module: CommonJS, JSON. */
  readonly whole: Unit | null;
  /** Of static imports, in order. */
  readonly specifiers: readonly string[];
  /** Of `import()` with a literal path, and of `require` in CommonJS. */
  readonly lateSpecifiers: readonly string[];
}

export interface Import {
  readonly specifier: string;
  /** `*` for a namespace. */
  readonly name: string;
}

export type Export = { readonly local: Variable } | Import;

/** A top-level declaration, or a top-level statement that declares nothing. */
export interface Unit {
  readonly module: Module;
  /** `function rate`, for people. */
  readonly label: string;
  /** Null for data. */
  readonly node: AnyNode | null;
  readonly declares: readonly Variable[];
  /** Its text in the module is between these; `before` and `after` make it a statement. */
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
  readonly template: Template;
}

/** @throws Error when the source cannot be parsed */
export async function readModule(path: string, source: string): Promise<Module> {
  if (!isCode(path)) return wholeModule(path, source, dataTemplate(path, source));
  const parsed = await parseUserModule(path, source);
  if (isCommonJs(path, parsed)) {
    const required = [...parsed.text.matchAll(/\brequire\(\s*["'](\.[^"']+)["']\s*\)/g)].flatMap(
      ([, specifier]) => specifier ?? [],
    );
    const template = [parsed.text.replaceAll(/\s+/g, ' '), ...required.map((specifier) => ({ specifier }))];
    return { ...wholeModule(path, source, template), lateSpecifiers: required };
  }
  return new EsModule(path, source, parsed);
}

function wholeModule(path: string, source: string, template: Template): Module {
  const module: Module = {
    path,
    source,
    parsed: null,
    imports: new Map(),
    exports: new Map(),
    stars: [],
    declarations: new Map(),
    effects: [],
    specifiers: [],
    lateSpecifiers: [],
    get whole() {
      return unit;
    },
  };
  const unit: Unit = {
    module,
    label: 'file',
    node: null,
    declares: [],
    ...STATEMENT,
    start: 0,
    end: 0,
    template,
  };
  return module;
}

function dataTemplate(path: string, source: string): Template {
  if (!path.endsWith('.json')) return [source];
  try {
    return [JSON.stringify(JSON.parse(source))];
  } catch {
    return [source];
  }
}

/** Node decides by the extension, else by the syntax. */
function isCommonJs(path: string, { program, names, text }: UserModule): boolean {
  if (/\.c[jt]s$/.test(path)) return true;
  const isModule = program.body.some(({ type }) => /^(?:Import|Export)/.test(type));
  return !isModule && !names.top.has('module') && /\b(?:module\.exports|exports\.\w+ =)/.test(text);
}

class EsModule implements Module {
  readonly imports = new Map<Variable, Import>();
  readonly exports = new Map<string, Export>();
  readonly stars: string[] = [];
  readonly declarations = new Map<Variable, Unit>();
  readonly effects: Unit[] = [];
  readonly whole = null;
  readonly specifiers: string[] = [];
  readonly lateSpecifiers: string[];

  readonly path: string;
  readonly source: string;
  readonly parsed: UserModule;

  constructor(path: string, source: string, parsed: UserModule) {
    this.path = path;
    this.source = source;
    this.parsed = parsed;
    for (const statement of parsed.program.body) this.#take(statement);
    this.lateSpecifiers = parsed.text.includes('import(') ? lateSpecifiersOf(parsed.program) : [];
  }

  #take(statement: AnyNode): void {
    switch (statement.type) {
      case 'ImportDeclaration': {
        const specifier = this.#imported(statement.source);
        for (const each of statement.specifiers)
          this.imports.set(this.#top(each.local.name), {
            specifier,
            name:
              each.type === 'ImportSpecifier'
                ? nameOf(each.imported)
                : each.type === 'ImportDefaultSpecifier'
                  ? 'default'
                  : '*',
          });
        return;
      }
      case 'ExportAllDeclaration': {
        const specifier = this.#imported(statement.source);
        if (statement.exported === null) this.stars.push(specifier);
        else this.exports.set(nameOf(statement.exported), { specifier, name: '*' });
        return;
      }
      case 'ExportNamedDeclaration': {
        const specifier = statement.source ? this.#imported(statement.source) : null;
        for (const { local, exported } of statement.specifiers)
          this.exports.set(
            nameOf(exported),
            specifier === null ? { local: this.#top(nameOf(local)) } : { specifier, name: nameOf(local) },
          );
        if (statement.declaration)
          for (const variable of this.#declare(statement.declaration))
            this.exports.set(variable.name, { local: variable });
        return;
      }
      case 'ExportDefaultDeclaration':
        return this.#takeDefault(statement.declaration);
      default:
        if (this.#declare(statement).length === 0 && statement.type !== 'EmptyStatement')
          this.effects.push(unitOf(this, statement, { label: 'a statement', declares: [], ...STATEMENT }));
    }
  }

  #takeDefault(value: AnyNode): void {
    if (isFunctionOrClass(value) && 'id' in value && value.id && value.type.endsWith('Declaration')) {
      const [variable] = this.#declare(value);
      if (variable) this.exports.set('default', { local: variable });
      return;
    }
    const named = value.type === 'Identifier' ? this.parsed.names.variables.get(value) : undefined;
    if (named !== undefined) {
      this.exports.set('default', { local: named });
      return;
    }
    const variable: Variable = { name: DEFAULT, top: true };
    this.declarations.set(
      variable,
      unitOf(this, value, {
        label: 'the default export',
        declares: [variable],
        before: `const ${DEFAULT} = (`,
        after: ');',
      }),
    );
    this.exports.set('default', { local: variable });
  }

  /** The variables of a declaration; none for another statement. */
  #declare(node: AnyNode): Variable[] {
    if (node.type === 'VariableDeclaration')
      return node.declarations.flatMap((declarator) => {
        const declares = patternNames(declarator.id).map(({ name }) => this.#top(name));
        const what = isFunction(declarator.init) ? 'function' : 'constant';
        // A plain constant is its value, as a default export is.
        const { id, init } = declarator;
        const plain = id.type === 'Identifier' && init ? { name: id.name, init } : null;
        const unit = unitOf(this, plain?.init ?? declarator, {
          label: `${what} ${declares.map(({ name }) => name).join(', ')}`,
          declares,
          before: plain === null ? `${node.kind} ` : `${node.kind} ${plain.name} = (`,
          after: plain === null ? ';' : ');',
        });
        for (const variable of declares) this.declarations.set(variable, unit);
        return declares;
      });
    if ((node.type !== 'FunctionDeclaration' && node.type !== 'ClassDeclaration') || !node.id) return [];
    const variable = this.#top(node.id.name);
    const what = node.type === 'ClassDeclaration' ? 'class' : 'function';
    this.declarations.set(
      variable,
      unitOf(this, node, {
        label: `${what} ${variable.name}`,
        declares: [variable],
        ...STATEMENT,
      }),
    );
    return [variable];
  }

  #imported(source: { readonly value?: unknown }): string {
    const specifier = String(source.value);
    this.specifiers.push(specifier);
    return specifier;
  }

  #top(name: string): Variable {
    return this.parsed.names.top.get(name) ?? { name, top: true };
  }
}

const STATEMENT = { before: '', after: '' };
const DEFAULT = '__larder_default';

/** @throws Error for a module that was not parsed */
export function unitOf(
  module: Module,
  node: AnyNode,
  parts: Pick<Unit, 'label' | 'declares' | 'before' | 'after'> & { readonly start?: number },
): Unit {
  const { parsed } = module;
  if (parsed === null) throw new Error(`${module.path} was not parsed.`);
  let template: Template | undefined;
  return {
    start: node.start,
    end: node.end,
    ...parts,
    module,
    node,
    get template() {
      return (template ??= templateOf(node, parsed, module.imports));
    },
  };
}

function nameOf(node: unknown): string {
  const { name, value } = node as { readonly name?: string; readonly value?: unknown };
  return name ?? String(value);
}

function isFunction(node: AnyNode | null | undefined): boolean {
  return node !== null && node !== undefined && /Function/.test(node.type);
}

function lateSpecifiersOf(root: AnyNode): string[] {
  const nodes = [root];
  const found: string[] = [];
  for (const node of nodes) {
    if (node.type === 'ImportExpression' && node.source.type === 'Literal')
      found.push(String(node.source.value));
    nodes.push(...childrenOf(node));
  }
  return found;
}
