/** The part of a Babel path that is used here. */
interface Path {
  readonly node: {
    readonly type: string;
    readonly value?: unknown;
    readonly quasis?: readonly { readonly value: { readonly raw: string } }[];
  };
}

/** Messages are for people, and SQL has its own faults in `planted-faults.ts`: an emptied message says nothing about a test. */
const WORDS = /[A-Za-z]{2} +[A-Za-z]{2}|\w\.$/;

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'prose',
    value: {
      shouldIgnore({ node }: Path): string | undefined {
        const text =
          node.type === 'TemplateLiteral'
            ? (node.quasis ?? []).map(({ value }) => value.raw).join('…')
            : node.type === 'StringLiteral'
              ? String(node.value)
              : '';
        return WORDS.test(text) ? 'prose' : undefined;
      },
    },
  },
];
