/** Scores of what a model says by itself, compared with what is accepted: never with the answer before it. */
import type { Example } from "../../data/examples.ts";
import { promptTokens } from "../../data/completions.ts";
import type { Tokenizer } from "../../data/tokenizer.ts";
import type { Generator } from "../generator.ts";
import { sentencesOf } from "../../metrics/sentences.ts";
import { textMetrics } from "../../metrics/text-registry.ts";
import type { GenerationScoring } from "../../tasks/scoring.ts";
import { splitNamed } from "../../tasks/splits.ts";
import type { Task } from "../../tasks/task.ts";
import type { ProtocolledScores } from "./protocol.ts";

export interface GenerationOptions {
  /** How many prompts are read at once; 8 unless given. */
  readonly batchSize?: number | undefined;
  /** Told after each batch how many items are done. */
  readonly onProgress?: ((done: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lets a model answer every example and scores what it says.
 * @throws Error in one line for an example that leaves no room, before anything is computed.
 */
export async function generationScores(
  { kind }: Pick<Task, "kind">,
  { metrics, decoding }: GenerationScoring,
  data: { readonly where: string; readonly examples: readonly Example[] },
  generator: Generator,
  { batchSize = 8, onProgress, signal }: GenerationOptions = {},
): Promise<ProtocolledScores> {
  const { opened, adapted } = generator;
  const room =
    opened.model.maxPositions -
    adapted.attachment.positions -
    (kind === "sequence-to-sequence" ? 0 : decoding.max_new_tokens);
  const read = data.examples.map((example) => promptOf(kind, example, opened.tokenizer, room));
  const prompts = read.map(({ ids }) => ids);
  const predictions: string[] = [];
  for (let start = 0; start < prompts.length; start += batchSize) {
    const batch = prompts.slice(start, start + batchSize);
    const said = await generator.generate(batch, settingsOf(decoding), { batchSize, signal });
    predictions.push(...said.map(({ sequences }) => sequences[0]!.text));
    onProgress?.(predictions.length);
  }
  const references = data.examples.map((example) => example.references ?? [example.texts[1] ?? ""]);
  const measured = metrics.map((name) => ({ name, scores: scoresBy(name, references, predictions) }));
  const { tokenizer } = opened;
  return {
    scores: Object.assign({}, ...measured.map(({ scores }) => scores)) as Record<string, number>,
    protocols: measured.map(({ name, scores }) => ({
      scores: Object.keys(scores),
      way: "said by the model itself after the prompt alone",
      data: data.where,
      items: predictions.length,
      split: splitNamed(data.where),
      ...(Number.isFinite(room) && { max_seq_length: room }),
      truncated: read.filter(({ isCut }) => isCut).length,
      prompt: tokenizer.decode(prompts[0]!),
      decoding: settingsOf(decoding),
      reference: textMetrics[name].reference,
    })),
  };
}

/** What is read of an example, and whether that is not all of its prompt. */
function promptOf(
  kind: Task["kind"],
  example: Example,
  tokenizer: Tokenizer,
  room: number,
): { readonly ids: readonly number[]; readonly isCut: boolean } {
  if (kind === "sequence-to-sequence") {
    const { ids, removed } = tokenizer.encode([example.texts[0]], { maxLength: room });
    return { ids: [...ids], isCut: removed > 0 };
  }
  const ids = promptTokens(example, tokenizer, room);
  return { ids, isCut: ids.length === room && promptTokens(example, tokenizer, room + 1).length > room };
}

/** Summaries are compared sentence by sentence. */
function scoresBy(
  name: GenerationScoring["metrics"][number],
  references: readonly (readonly string[])[],
  predictions: readonly string[],
): Readonly<Record<string, number>> {
  const lines = (text: string) => sentencesOf(text).join("\n");
  if (name !== "rouge") return textMetrics[name].compute(references, predictions);
  return textMetrics[name].compute(
    references.map((texts) => texts.map(lines)),
    predictions.map(lines),
  );
}

const settingsOf = (decoding: GenerationScoring["decoding"]): Record<string, number> =>
  Object.fromEntries(Object.entries(decoding).filter(([, value]) => value !== undefined)) as Record<string, number>;
