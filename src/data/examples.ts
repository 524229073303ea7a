/** What a task makes of a file: texts and their labels, each with the line it came from. */

/** One text, or a pair that a tokenizer joins. */
export type Texts = readonly [string] | readonly [string, string];

/** `label` is a class's id or a regression target; null where the file gives none. `line` counts from 1. */
export interface Example {
  readonly line: number;
  readonly texts: Texts;
  readonly label: number | null;
}

/** The examples of one file, `where`, in its order. */
export interface Dataset {
  readonly where: string;
  readonly examples: readonly Example[];
}
