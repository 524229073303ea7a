/**
 * Summaries: XSum (Narayan et al. 2018), CNN/DailyMail (See et al. 2017) and SciTLDR (Cachola et al. 2020), from the Hugging Face hub's
 * columns. Encoder-decoders read a document and say its summary; decoders go on behind the document and the words `TL;DR:`.
 */
import type { Dataset, Example } from "../data/examples.ts";
import type { Row } from "../formats/rows.ts";
import { textIn, textsIn } from "./cells.ts";
import { taskOfOwnColumns } from "./question-set.ts";
import type { RowReader } from "./row-reader.ts";
import type { Decoding, Scoring } from "./scoring.ts";
import { languageModelling, type Task, type TaskDefinition } from "./task.ts";

export type SummaryName = "xsum" | "cnn_dailymail" | "scitldr";

/** BART's settings of decoding on XSum and CNN/DailyMail (Lewis et al. 2020), and on SciTLDR those of its authors for BART on abstracts. */
const decoding: { readonly [name in SummaryName]: Decoding } = {
  xsum: { num_beams: 6, length_penalty: 1, max_new_tokens: 60, min_new_tokens: 10, no_repeat_ngram_size: 3 },
  cnn_dailymail: { num_beams: 4, length_penalty: 2, max_new_tokens: 140, min_new_tokens: 55, no_repeat_ngram_size: 3 },
  scitldr: { num_beams: 6, length_penalty: 1, max_new_tokens: 30, min_new_tokens: 5, no_repeat_ngram_size: 3 },
};

const columns: { readonly [name in SummaryName]: readonly [document: string, summaries: string] } = {
  xsum: ["document", "summary"],
  cnn_dailymail: ["article", "highlights"],
  scitldr: ["source", "target"],
};

interface SummaryTask extends TaskDefinition {
  readonly readRow: RowReader;
}

function summaryTask(name: SummaryName): SummaryTask {
  const forms = { textColumns: [columns[name]], labelColumns: [], headerless: [] };
  const scoring: Scoring = { split: "test", generation: { metrics: ["rouge"], decoding: decoding[name] } };
  const task: Task = { ...forms, name, ...languageModelling("sequence-to-sequence"), scoring };
  return { ...taskOfOwnColumns(task, forms), readRow };
}

/** What stands behind a document that a decoder is to summarise. */
const ASK = "\n\nTL;DR:";

export function isSummary(name: string): name is SummaryName {
  return Object.hasOwn(summarization, name);
}

/** A task of summaries for a decoder, which reads documents as prompts. */
export function summaryPrompts(task: Task): Task {
  return { ...task, kind: "prompt-completion" };
}

/** The documents of a data set as such prompts. */
export function promptsOf(data: Dataset): Dataset {
  return { ...data, examples: data.examples.map(promptOf) };
}

/** A document that is too long loses its end, not what asks for its summary. */
function promptOf<E extends Pick<Example, "texts">>(example: E): E & Pick<Example, "texts" | "kept"> {
  const [document, summary = ""] = example.texts;
  return { ...example, texts: [`${document}${ASK}`, ` ${summary}`], kept: ASK.length };
}

/**
 * Documents with their summaries, of which the first is learned and all are accepted. Lists of sentences are joined by blanks. A row
 * without a document or a summary is left out.
 */
const readRow: RowReader = ({ values }, [document, summaries = ""], place, { kind }) => {
  const text = partsOf(values, document, place).join(" ");
  const references = partsOf(values, summaries, place);
  const [first] = references;
  if (text === "" || first === undefined) return null;
  const texts = { texts: [text, first], references } as const;
  return kind === "prompt-completion" ? promptOf(texts) : texts;
};

/** The texts of a cell that holds one or a list, but those that are empty. */
function partsOf(values: Row["values"], column: string, place: string): readonly string[] {
  const value = values[column];
  if (value === null || value === undefined) return [];
  const texts = Array.isArray(value)
    ? value.length === 0
      ? []
      : textsIn(values, column, place)
    : [textIn(values, column, place)];
  return texts.map((text) => text.trim()).filter((text) => text !== "");
}

/** The task of each set. */
export const summarization: { readonly [name in SummaryName]: SummaryTask } = {
  xsum: summaryTask("xsum"),
  cnn_dailymail: summaryTask("cnn_dailymail"),
  scitldr: summaryTask("scitldr"),
};
