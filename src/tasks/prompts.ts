/**
 * Tasks asked as prompts: the templates and words of LM-BFF (Gao et al. 2021, table 1 and appendix C), with the limits of the kernel
 * analysis of fine-tuning (Malladi et al. 2023).
 */
import type { Prompt } from "../data/prompts.ts";
import { parseTemplate, textsIn } from "../data/template.ts";
import { unknownName } from "../errors/unknown-name.ts";
import type { GlueName } from "./glue.ts";
import { classReader } from "./label.ts";
import { listed } from "./listed.ts";
import type { LmBffName } from "./lm-bff.ts";
import { readMapping } from "./mapping.ts";
import type { Task } from "./task.ts";

const wasSo = "*cls**sent_0*_It_was*mask*.*sep+*";
const questioned = "*cls**sent-_0*?*mask*,*+sentl_1**sep+*";
const joined = "*cls**sent_0**mask*,*+sentl_1**sep+*";

const sentiment = { negative: "terrible", positive: "great" };
const entailment = { entailment: "Yes", neutral: "Maybe", contradiction: "No" };
const binaryEntailment = { entailment: "Yes", not_entailment: "No" };
const review: Prompt = { template: wasSo, words: sentiment, firstTextLimit: 110, otherTextLimit: 50 };

/** The prompt of each task that has one of its own. */
export const prompts: { readonly [name in Exclude<GlueName, "stsb"> | LmBffName]: Prompt } = {
  sst2: { template: wasSo, words: sentiment },
  cola: { template: "*cls**sent_0*_This_is*mask*.*sep+*", words: { unacceptable: "incorrect", acceptable: "correct" } },
  mrpc: { template: joined, words: { not_equivalent: "No", equivalent: "Yes" } },
  qqp: { template: joined, words: { not_duplicate: "No", duplicate: "Yes" } },
  mnli: { template: questioned, words: entailment, firstTextLimit: 240 },
  qnli: { template: questioned, words: binaryEntailment },
  rte: { template: questioned, words: binaryEntailment, firstTextLimit: 240 },
  mr: review,
  cr: review,
  mpqa: { template: wasSo, words: sentiment, firstTextLimit: 110 },
  subj: {
    template: "*cls**sent_0*_This_is*mask*.*sep+*",
    words: { subjective: "subjective", objective: "objective" },
    firstTextLimit: 110,
    otherTextLimit: 50,
  },
  trec: {
    template: "*cls**mask*:*+sent_0**sep+*",
    words: {
      description: "Description",
      entity: "Entity",
      expression: "Expression",
      human: "Human",
      location: "Location",
      number: "Number",
    },
    firstTextLimit: 110,
  },
  sst5: {
    template: wasSo,
    words: {
      "very negative": "terrible",
      negative: "bad",
      neutral: "okay",
      positive: "good",
      "very positive": "great",
    },
  },
  ag_news: {
    template: "*cls**sent_0*_This_article_is_about*mask*_news.*sep+*",
    words: { World: "world", Sports: "sports", Business: "business", "Sci/Tech": "tech" },
    firstTextLimit: 240,
  },
  snli: { template: questioned, words: entailment },
};

/** A template and words in place of a task's own; null for what is not given. */
export interface PromptOptions {
  readonly template: string | null;
  /** As {@link readMapping} has it. */
  readonly mapping: string | null;
}

/**
 * A task that classifies, asked as a prompt: by its own, or by what is given in its place.
 * @throws Error in one line for a task that does not classify, a prompt that is not given and not known, a template that cannot be
 * filled with the task's texts, or words that are not those of its classes.
 */
export function asPrompt(task: Task, { template, mapping }: PromptOptions): Task {
  const { name, kind, labels, labelIds, textColumns } = task;
  if (kind !== "classification" || !labels) throw new Error(`prompt: ${name} is ${kind}, expected a classification`);
  const own = isKnown(name) ? prompts[name] : null;
  const words = mapping === null ? own?.words : wordsOf(mapping, labels, labelIds);
  const asked = template === null ? own : { template };
  if (!words || !asked)
    throw new Error(
      `${asked ? "mapping" : "template"}: missing; ${name} has no prompt of its own, expected a template and a mapping`,
    );
  const reads = textsIn(parseTemplate(asked.template));
  const has = textColumns[0]!.length;
  if (reads > has) throw new Error(`template: reads ${reads} texts, but an example of ${name} has ${has}`);
  return { ...task, kind: "prompt-classification", prompt: { ...asked, words } };
}

function isKnown(name: string): name is keyof typeof prompts {
  return Object.hasOwn(prompts, name);
}

/** The word of each class. A class is given by its name, or by its id where files may give it so. */
function wordsOf(mapping: string, labels: readonly string[], ids: boolean): Prompt["words"] {
  const read = classReader(labels, ids);
  const words = new Map<string, string>();
  for (const [label, word] of readMapping(mapping)) {
    const name = labels[read(label) ?? -1];
    if (name === undefined) throw unknownName("mapping: unknown label", label, labels);
    if (words.has(name)) throw new Error(`mapping: two words for ${name}, expected one for each label`);
    words.set(name, word);
  }
  const absent = labels.filter((label) => !words.has(label));
  if (absent.length > 0) throw new Error(`mapping: no word for ${listed(absent)}, expected one for each label`);
  return Object.fromEntries(words);
}
