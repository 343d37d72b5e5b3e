/** Words and signs, in lower case, in the format of Hugging Face's tokenizers. */
export function wordTokenizer(words: readonly string[]): object {
  const vocabulary = ['[UNK]', ...words];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Lowercase' }] },
    pre_tokenizer: {
      type: 'Split',
      pattern: { Regex: "[\\p{L}\\p{N}]+(?:['’][\\p{L}]+)?|[^\\s\\p{L}\\p{N}]+" },
      behavior: 'Removed',
      invert: true,
    },
    post_processor: null,
    decoder: null,
    model: {
      // Without pieces in the vocabulary, a word is known or it is not.
      type: 'WordPiece',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
      unk_token: '[UNK]',
    },
  };
}
