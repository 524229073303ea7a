/** What a task makes of a file: texts and their labels, or conversations, each with the line it came from. */

/** One text, or a pair: two that a tokenizer joins, a prompt and its completion, or a source and its target. */
export type Texts = readonly [string] | readonly [string, string];

/** A turn of a conversation. What it has besides (calls of tools, a name) is there for the chat template to read. */
export interface Message {
  readonly role: string;
  readonly content: string;
  readonly [field: string]: unknown;
}

export interface Conversation {
  readonly messages: readonly Message[];
  /** Descriptions of the tools that the assistant may call, as the chat template reads them; null where there are none. */
  readonly tools: readonly unknown[] | null;
}

/** `label` is a class's id or a regression target; null where the file gives none. `line` counts from 1. */
export interface Example {
  readonly line: number;
  /** Where there is a conversation, its first turn. */
  readonly texts: Texts;
  readonly label: number | null;
  readonly conversation?: Conversation;
}

/** The examples of one file, `where`, in its order. */
export interface Dataset {
  readonly where: string;
  readonly examples: readonly Example[];
}
