/**
 * The tasks that LM-BFF (Gao et al. 2021, appendix B) has beside GLUE's, with its order of classes.
 *
 * Files are LM-BFF's own, comma-separated without a header, or have the columns of the Hugging Face hub. An id counts in the order
 * given here, which for trec and subj is not that of every data set on the hub; names mean the same everywhere.
 */
import { glue } from "./glue.ts";
import { knownTask } from "./known.ts";
import type { TaskDefinition } from "./task.ts";

export type LmBffName = "mr" | "cr" | "mpqa" | "subj" | "trec" | "sst5" | "ag_news" | "snli";

/** The definition of each task. */
export const lmBff: { readonly [name in LmBffName]: TaskDefinition } = {
  mr: sentences("mr", ["negative", "positive"]),
  cr: sentences("cr", ["negative", "positive"]),
  mpqa: sentences("mpqa", ["negative", "positive"]),
  subj: sentences("subj", ["subjective", "objective"]),
  trec: sentences("trec", ["description", "entity", "expression", "human", "location", "number"]),
  sst5: sentences("sst5", ["very negative", "negative", "neutral", "positive", "very positive"]),
  ag_news: knownTask("ag_news", {
    text: [["text"]],
    label: ["label"],
    classes: ["World", "Sports", "Business", "Sci/Tech"],
    metrics: ["accuracy"],
  }),
  snli: knownTask("snli", {
    text: glue.mnli.forms.textColumns,
    label: glue.mnli.forms.labelColumns,
    classes: ["entailment", "neutral", "contradiction"],
    metrics: ["accuracy"],
    // Where annotators did not agree on one.
    unlabelled: ["-", "-1"],
  }),
};

function sentences(name: LmBffName, classes: readonly string[]): TaskDefinition {
  return knownTask(name, {
    text: [["text"], ["sentence"]],
    label: ["label"],
    headerless: [["label", "text"]],
    classes,
    metrics: ["accuracy"],
  });
}
