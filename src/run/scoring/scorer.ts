/** A model scored as its task is in the literature: by what it says, by what it finds likely, or by both. */
import { likelihoodModel } from "../../generation/likelihood.ts";
import { sampled } from "../../data/few-shot.ts";
import type { OnBadRow } from "../../formats/rows.ts";
import { formOf } from "../../quantization/over-stored.ts";
import type { ComputeOptions } from "../../runtime/native.ts";
import { readTaskFile } from "../data.ts";
import { generatorOf } from "../generator.ts";
import { adaptedModel, type ModelSource, type OnDownload, runtimeFor } from "../loaded.ts";
import { loadModel } from "../open.ts";
import { generationScores } from "./generation.ts";
import { likelihoodScores } from "./likelihood.ts";
import type { ProtocolledScores } from "./protocol.ts";

export const scoringWays = ["generation", "likelihood"] as const;
export type ScoringWay = (typeof scoringWays)[number];

export interface ScoreOptions extends ComputeOptions {
  /** All that the task has unless given. */
  readonly ways?: readonly ScoringWay[] | undefined;
  /** At most so many items, drawn by seed 42; all unless given. */
  readonly items?: number | undefined;
  readonly batchSize?: number | undefined;
  /** What is done about a row that is no example; it is refused unless given. */
  readonly onBadRow?: OnBadRow | undefined;
  /** Told how many of all items are done in one way. */
  readonly onProgress?: ((way: ScoringWay, done: number, total: number) => void) | undefined;
  readonly onDownload?: OnDownload;
  /** Told what was met while the model was read that does no harm, in lines. */
  readonly onWarnings?: ((lines: readonly string[]) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const SEED = 42;

/**
 * Scores a model on the examples of a file.
 * @throws Error in one line for a task that is not scored so, before any long work.
 */
export async function scoreModel(
  source: ModelSource,
  file: string,
  { ways, items, batchSize, onBadRow, onProgress, onDownload, onWarnings, signal, ...compute }: ScoreOptions = {},
): Promise<ProtocolledScores> {
  const loaded = await loadModel({ ...source, writes: true }, onDownload);
  onWarnings?.(loaded.warnings);
  const { opened, task } = loaded;
  const { scoring } = task;
  const wanted = ways ?? scoringWays.filter((way) => scoring?.[way] !== undefined);
  const missing = wanted.find((way) => scoring?.[way] === undefined);
  if (missing !== undefined || wanted.length === 0)
    throw new Error(`scoring: ${task.name} is not scored by ${missing ?? "what a model says or finds likely"}`);
  const whole = await readTaskFile(task, file, { onBadRow });
  const data = items === undefined ? whole : sampled(whole, items, SEED);
  const adapted = adaptedModel(loaded);
  const runtime = await runtimeFor(adapted, compute);
  const by: { readonly [W in ScoringWay]: () => Promise<ProtocolledScores> } = {
    async generation() {
      const generator = await generatorOf(loaded, adapted, runtime);
      try {
        const progress = (done: number) => onProgress?.("generation", done, data.examples.length);
        return await generationScores(task, scoring!.generation!, data, generator, {
          batchSize,
          signal,
          onProgress: progress,
        });
      } finally {
        await generator.dispose();
      }
    },
    async likelihood() {
      const model = await likelihoodModel(adapted, runtime, opened.padTokenId);
      try {
        const progress = (done: number) => onProgress?.("likelihood", done, data.examples.length);
        const options = { batchSize, signal, onProgress: progress };
        return await likelihoodScores(task.name, scoring!.likelihood!, data, opened.tokenizer, model, options);
      } finally {
        await model.dispose();
      }
    },
  };
  const warnings = Object.values(task.contaminated ?? {});
  const [count, all] = [data.examples.length, whole.examples.length];
  const form = formOf(adapted.stored);
  const beside = {
    ...(count < all && { sample: `${count} of ${all}, drawn by seed ${SEED}` }),
    ...(form !== null && { quantization: form }),
    ...(warnings.length > 0 && { warnings }),
  };
  const results: ProtocolledScores[] = [];
  for (const way of wanted) results.push(await by[way]());
  return {
    scores: Object.assign({}, ...results.map(({ scores }) => scores)) as Record<string, number>,
    protocols: results.flatMap(({ protocols }) => protocols).map((each) => ({ ...each, ...beside })),
  };
}
