import { porterStem } from "./porter-stemmer.ts";

export interface RougeTokenOptions {
  /** Words of more than three characters are brought to their stems, so that "studies" agrees with "study". */
  readonly useStemmer: boolean;
}

/**
 * The words of a text as rouge_score's DefaultTokenizer takes them: runs of a–z and 0–9 in lower case. Every other
 * character stands between words, letters with accents too: "café_2" is "caf" and "2".
 */
export function rougeTokens(text: string, { useStemmer }: RougeTokenOptions): string[] {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return useStemmer ? words.map((word) => (word.length > 3 ? porterStem(word) : word)) : words;
}
