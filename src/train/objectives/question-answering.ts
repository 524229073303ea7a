/**
 * Learning where in a text the answer to a question begins and ends (Rajpurkar et al. 2016; Devlin et al. 2019, §4.2): of every window of
 * the text, one of the tokens of the sequence each, or the first one where the window holds no answer.
 */
import { sequentialBatches } from "../../data/batches.ts";
import { collate } from "../../data/collate.ts";
import type { EncodedDataset } from "../../data/encode.ts";
import { answerOf, type Answering, type QuestionAnswer, type WindowScores } from "../../data/span-answers.ts";
import type { Window } from "../../data/windows.ts";
import { input, slice } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import { squad, squadV2 } from "../../metrics/squad.ts";
import { spanLoss } from "../../nn/loss.ts";
import type { Program, Tensors } from "../../runtime/runtime.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Scores } from "../events.ts";
import type { Forward } from "../forward.ts";
import type { Objective, ScoreOptions } from "../objective.ts";

/** What of {@link ScoreOptions} asks a model. */
type AskOptions = Omit<ScoreOptions, "metrics">;

/** The mean of the cross-entropies of first and last token, as of transformers' `ForQuestionAnswering`. Examples are windows. */
export function questionAnswering(answering: Answering): Objective {
  return {
    name: "question-answering",
    // Any place may be the answer's, of padding too, as with transformers.
    readsPadding: true,
    loss(forward) {
      const [starts, ends] = positions.map((name) => input(name, ["batch"], "int64"));
      return spanLoss(logitsOf(forward), starts!, ends!);
    },
    batch(data, examples, { padTokenId }) {
      const encodings = Array.from(examples, (i) => data.encodings[i]!);
      const answers = Array.from(examples, (i) => windowOf(data, i).answer);
      const labels = positions.map((name, side) => [name, integers(answers.map((answer) => answer[side]!))] as const);
      return {
        feeds: { ...collate(encodings, { padTokenId }), ...Object.fromEntries(labels) },
        terms: examples.length,
      };
    },
    sizes: (batch, sequence) => ({ batch, sequence }),
    evaluation: (forward) => ({ logits: logitsOf(forward) }),
    async score(program, weights, data, options) {
      const windows = await ask(program, weights, data, options);
      const losses = windows.map((scores, i) => lossOf(scores, windowOf(data, i)));
      const loss = losses.reduce((total, one) => total + one, 0) / losses.length;
      return { loss, ...answerScores(data, answersOf(data, windows, answering), answering) };
    },
  };
}

/** The answer to every question of `data`, by a compiled forward pass over `weights`. */
export async function answerQuestions(
  program: Program,
  weights: Tensors,
  data: EncodedDataset,
  { answering, ...options }: AskOptions & { readonly answering: Answering },
): Promise<QuestionAnswer[]> {
  return answersOf(data, await ask(program, weights, data, options), answering);
}

const positions = ["start_positions", "end_positions"];

/** How likely an answer begins and ends with each token of the sequence, [batch, sequence, 2]. */
function logitsOf({ hidden, head, virtualTokens }: Forward): Value {
  const all = head(hidden());
  return virtualTokens === 0 ? all : slice(all, 1, virtualTokens);
}

/** What the model gives for the tokens of every window, without padding. */
async function ask(
  program: Program,
  weights: Tensors,
  data: EncodedDataset,
  { batchSize, padTokenId, signal }: AskOptions,
): Promise<WindowScores[]> {
  const windows = new Array<WindowScores>(data.encodings.length);
  for (const batch of sequentialBatches(data.lengths, batchSize)) {
    signal?.throwIfAborted();
    const encodings = Array.from(batch, (i) => data.encodings[i]!);
    const { logits } = await program.run({ ...weights, ...collate(encodings, { padTokenId }) });
    const scores = logits!.data as Float32Array;
    const width = 2 * logits!.shape[1]!;
    for (const [row, i] of batch.entries()) {
      const own = scores.subarray(row * width, row * width + 2 * data.lengths[i]!);
      const side = (end: number): Float32Array =>
        Float32Array.from({ length: data.lengths[i]! }, (_, at) => own[2 * at + end]!);
      const { begin, offsets } = windowOf(data, i);
      windows[i] = { begin, offsets, start: side(0), end: side(1) };
    }
  }
  return windows;
}

function windowOf({ encodings, where, lines }: EncodedDataset, i: number): Window {
  const { window } = encodings[i]!;
  if (window) return window;
  throw new Error(`${where}:${lines[i]}: no question about a text`);
}

/** The loss of one window, as training computes it but for padding. */
function lossOf({ start, end }: WindowScores, { answer: [first, last] }: Window): number {
  return (crossEntropy(start, first) + crossEntropy(end, last)) / 2;
}

function crossEntropy(logits: ArrayLike<number>, label: number): number {
  const all = Array.from(logits);
  const most = all.reduce((max, logit) => Math.max(max, logit), -Infinity);
  return most + Math.log(all.reduce((total, logit) => total + Math.exp(logit - most), 0)) - all[label]!;
}

function answersOf(
  { questions = [], encodings }: EncodedDataset,
  windows: readonly WindowScores[],
  answering: Answering,
): QuestionAnswer[] {
  const ofQuestion = questions.map((): WindowScores[] => []);
  for (const [i, scores] of windows.entries()) ofQuestion[encodings[i]!.window!.question]!.push(scores);
  return questions.map(({ texts }, i) => answerOf(texts[1] ?? "", ofQuestion[i]!, answering));
}

/**
 * What SQuAD's programs say of the answers. Of squad_v2 the best scores of any threshold are those of the best answers that are not
 * empty, with how much likelier no answer is.
 */
function answerScores(
  { questions = [], where }: EncodedDataset,
  answers: readonly QuestionAnswer[],
  { metric }: Answering,
): Scores {
  const references = questions.map(({ references: accepted, line }) => {
    if (accepted) return accepted;
    throw new Error(`${where}:${line}: no accepted answers, expected them to score by`);
  });
  const texts = answers.map(({ text }) => text);
  if (metric === "squad") return squad.compute(references, texts);
  const noAnswer = answers.map(({ nullOdds }) => nullOdds ?? 0);
  const best = squadV2(
    references,
    answers.map((answer) => answer.best),
    { noAnswer },
  );
  const ofBest = Object.entries(best).filter(([name]) => name.startsWith("best_"));
  return { ...squadV2(references, texts), ...Object.fromEntries(ofBest) };
}

const integers = (values: readonly number[]): Tensor<"int64"> =>
  tensor("int64", [values.length], BigInt64Array.from(values, BigInt));
