/** Scores of what a decoder finds likeliest among the choices of each question, as lm-evaluation-harness defines them. */
import type { Example } from "../../data/examples.ts";
import type { Tokenizer } from "../../data/tokenizer.ts";
import type { Continued, LikelihoodModel, LikelihoodOptions } from "../../generation/likelihood.ts";
import type { LikelihoodItem } from "../../tasks/likelihood.ts";
import { likelihoodOf } from "../../tasks/questions.ts";
import type { LikelihoodMetric, LikelihoodScoring } from "../../tasks/scoring.ts";
import { splitNamed } from "../../tasks/splits.ts";
import type { ProtocolledScores } from "./protocol.ts";

/** What of a question decides: the sums of log-probabilities, or these for each character. */
const measures: { readonly [M in LikelihoodMetric]: (sum: number, characters: number) => number } = {
  acc: (sum) => sum,
  acc_norm: (sum, characters) => sum / characters,
};

/**
 * Scores questions by likelihood. Progress is told in questions, some of which have several texts.
 * @param name of the task
 * @throws Error in one line for a question that does not fit the model, before anything is computed.
 */
export async function likelihoodScores(
  name: string,
  { metrics }: LikelihoodScoring,
  data: { readonly where: string; readonly examples: readonly Example[] },
  tokenizer: Tokenizer,
  model: LikelihoodModel,
  options: LikelihoodOptions = {},
): Promise<ProtocolledScores> {
  const items = data.examples.map(({ question }) => likelihoodOf(name, question!));
  const texts = items.map((item) => textsOf(item, tokenizer));
  checkLengths(texts, data, model);
  const all = texts.flat();
  const { onProgress } = options;
  const told = onProgress && ((done: number) => onProgress(Math.floor((done * items.length) / all.length)));
  const sums = await model.logLikelihoods(all, { ...options, onProgress: told });
  let at = 0;
  const ofItems = texts.map((parts) => parts.flatMap(() => sums[at++]!));
  const right = (metric: LikelihoodMetric) =>
    items.filter((item, i) => chosen(item, ofItems[i]!, metric) === item.gold).length / items.length;
  const [first] = items;
  return {
    scores: Object.fromEntries(metrics.map((metric) => [metric, right(metric)])),
    protocols: [
      {
        scores: metrics,
        way: "the likeliest choice (acc), the likeliest per character (acc_norm); no examples before the question",
        data: data.where,
        items: items.length,
        split: splitNamed(data.where),
        prompt: `${first!.contexts[0]}⟦${first!.continuations[0]}⟧`,
        reference: "lm-evaluation-harness 0.4.13",
      },
    ],
  };
}

/** The first of the best choices. */
function chosen({ normalisers }: LikelihoodItem, sums: readonly number[], metric: LikelihoodMetric): number {
  const measured = sums.map((sum, choice) => measures[metric](sum, normalisers[choice]!));
  return measured.indexOf(Math.max(...measured));
}

/** What of a question is read: its choices behind one text, or each behind a text of its own. @param name of the task */
export function choicesOf(name: string, { question }: Pick<Example, "question">, tokenizer: Tokenizer): Continued[] {
  return textsOf(likelihoodOf(name, question!), tokenizer);
}

/** Choices behind one context are continuations of one text; else each has a text of its own. */
function textsOf({ contexts, continuations }: LikelihoodItem, tokenizer: Tokenizer): Continued[] {
  const [first] = contexts;
  const read = (context: string, behind: readonly string[]): Continued => {
    const own = tokenizer.tokenize(context);
    return {
      text: own.length > 0 ? own : [beginning(tokenizer)],
      continuations: behind.map((continuation) => tokenizer.tokenize(context + continuation).slice(own.length)),
    };
  };
  if (contexts.every((context) => context === first)) return [read(first!, continuations)];
  return contexts.map((context, choice) => read(context, [continuations[choice]!]));
}

/** What stands before a continuation whose context has no tokens: the token that texts begin with, or that ends them. */
function beginning({ specialTokens: { bos, eos } }: Tokenizer): number {
  const begin = bos ?? eos;
  if (begin === null)
    throw new Error("tokenizer_config.json: no bos_token and no eos_token, expected one for an empty context");
  return begin;
}

function checkLengths(
  texts: readonly (readonly Continued[])[],
  { where, examples }: { readonly where: string; readonly examples: readonly Example[] },
  { positions }: LikelihoodModel,
): void {
  texts.forEach((parts, i) => {
    const place = `${where}:${examples[i]!.line}`;
    for (const { text, continuations } of parts) {
      if (continuations.some(({ length }) => length === 0))
        throw new Error(`${place}: a choice without tokens, expected a text`);
      const length = text.length + Math.max(...continuations.map((tokens) => tokens.length));
      if (length > positions)
        throw new Error(`${place}: ${length} tokens, expected no more than the ${positions} positions of the model`);
    }
  });
}
