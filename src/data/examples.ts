/** What a task makes of a file: texts and their labels, or conversations, each with the line it came from. */

import type { Span } from "./aligned-text.ts";
import type { Question } from "./question.ts";

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
  /** Of a prompt, how many characters at its end stay where it is too long, which is then cut before them; else it is cut at its left. */
  readonly kept?: number;
  /** All texts that are accepted of a model, where what it says is scored. */
  readonly references?: readonly string[];
  /** What the example asks, where it is a question of a test. */
  readonly question?: Question;
  /** Of a question about the second text, where the first accepted answer stands there; null where there is none. */
  readonly answer?: Span | null;
  /** What the data set calls it. */
  readonly id?: string;
}

/** The examples of one file, `where`, in its order. */
export interface Dataset {
  readonly where: string;
  readonly examples: readonly Example[];
  /** How many rows were left out, since they held nothing to read or nothing to say; none unless given. */
  readonly leftOut?: number;
}
