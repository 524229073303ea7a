/** How scores came about: without it a number says little. */

export interface Protocol {
  /** The scores it tells of. */
  readonly scores: readonly string[];
  /** What was done, in a few words. */
  readonly way: string;
  /** The file whose examples were scored, and how many they are. */
  readonly data: string;
  readonly items: number;
  /** The part of a data set that the file is by its name; null where that does not tell. */
  readonly split: string | null;
  /** Which of the file's examples they are, where they are not all. */
  readonly sample?: string;
  /** How the base model was stored, where not as float32. */
  readonly quantization?: string;
  /** The longest sequence in tokens, and how many examples were cut to it. */
  readonly max_seq_length?: number;
  readonly truncated?: number;
  /** How many tokens a loss is the mean of, where it is that of tokens. */
  readonly tokens?: number;
  /** The first prompt, as the model reads it; null where there is none. */
  readonly prompt: string | null;
  /** Settings of generation that were set, or of finding answers. */
  readonly decoding?: Readonly<Record<string, number>>;
  /** What is known against the scores: items of the test in the data that the model was trained on. */
  readonly warnings?: readonly string[];
  /** The programs whose numbers the metrics give, with their versions. */
  readonly reference: string;
}

/** Scores by name, and how each came about. */
export interface ProtocolledScores {
  readonly scores: Readonly<Record<string, number>>;
  readonly protocols: readonly Protocol[];
}
