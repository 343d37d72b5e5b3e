import { Tokenizer } from '@huggingface/tokenizers';
import { wordTokenizer } from './tokenizer.ts';

const splitter = new Tokenizer(wordTokenizer([]), {});

/** Words that stand at least twice in the texts, the most frequent first. */
export function vocabularyOf(texts: readonly string[], size: number): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count >= 2)
    .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, size)
    .map(([word]) => word);
}

function wordsOf(text: string): string[] {
  return splitter.pre_tokenizer?.pre_tokenize(splitter.normalizer?.normalize(text) ?? text) ?? [];
}
