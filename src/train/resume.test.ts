/** A training that goes on from a checkpoint ends as the one that was not interrupted, bit for bit. */
import { describe, expect, test } from "vitest";
import { tinyModel, tinyTraining } from "../../test/tiny-training.ts";
import type { CheckpointEvent, TrainingEvent } from "./events.ts";
import { causalLanguageModel, maskedLanguageModel } from "./objectives/language-model.ts";
import type { TrainingOptions } from "./options.ts";
import type { TrainingState } from "./state.ts";
import { train } from "./trainer.ts";
import { copyOf, data, runtime, type Settings, validation } from "./trainer.cases.ts";

interface Case {
  readonly head?: "masked-language-model";
  readonly method?: string;
  readonly methodOptions?: Readonly<Record<string, unknown>>;
  readonly options: Partial<TrainingOptions>;
}

interface Course {
  readonly weights: string;
  readonly told: readonly unknown[];
  readonly states: readonly TrainingState[];
}

const untimed = (event: TrainingEvent): unknown =>
  JSON.parse(
    JSON.stringify(event, (key, value: unknown) => (/[sS]econd|residentBytes|state/.test(key) ? undefined : value)),
  );

/** Trains from a state, or from the beginning, and keeps a copy of each checkpoint. */
async function course(
  { head, method = "rocoft", methodOptions = {}, options }: Case,
  { from = null, signal, on }: { from?: TrainingState | null } & Pick<Settings, "signal" | "on"> = {},
): Promise<Course> {
  const name = head ? "roberta-mlm" : "bert-classification";
  const adapted = await tinyModel(name, { method, options: methodOptions, ...(head && { head }) });
  const told: unknown[] = [];
  const states: TrainingState[] = [];
  const job = { adapted, runtime, train: data, validation, options: { ...tinyTraining, ...options } };
  for await (const event of train({ ...job, from, ...(signal && { signal }) })) {
    if (event.type === "checkpoint") states.push(structuredClone(event.state));
    else told.push(untimed(event));
    on?.(event, adapted);
  }
  return { weights: copyOf(adapted), told, states };
}

const vocabulary = { size: 40, maskTokenId: 4, specialTokenIds: new Set([0, 1, 2, 3, 4]) };
const cases: Readonly<Record<string, Case>> = {
  "rows, evaluated each epoch": { options: { epochs: 4, saveSteps: 3 } },
  "everything, with weight decay and a schedule": {
    method: "full",
    options: { epochs: 3, saveSteps: 1, schedule: "cosine", warmupSteps: 4, adamw: { weightDecay: 0.1 } },
  },
  "accumulated gradients, and evaluations between epochs": {
    options: { epochs: 4, batchSize: 2, gradientAccumulationSteps: 3, evalSteps: 3, saveSteps: 2 },
  },
  "batches of random examples": {
    options: { epochs: 3, batchSize: 3, gradientAccumulationSteps: 2, groupByLength: false, saveSteps: 1 },
  },
  "early stopping": {
    options: { learningRate: 0.05, evalSteps: 2, earlyStoppingPatience: 3, epochs: 20, saveSteps: 1 },
  },
  "ranks that shrink": {
    method: "adalora",
    methodOptions: { init_r: 3, target_r: 1, tinit: 2, tfinal: 4, deltaT: 2 },
    options: { epochs: 4, saveSteps: 3 },
  },
  "entries that move": {
    method: "sft",
    methodOptions: { density: 0.1, reselection_steps: 4, selection_accumulation_steps: 2, reselection_rate: 0.5 },
    options: { epochs: 3, evalSteps: 2, saveSteps: 1, metricForBest: "loss", learningRate: 0.05 },
  },
  "changes that are pruned half-way": {
    method: "diff_pruning",
    methodOptions: { density: 0.3 },
    options: { epochs: 2, evalSteps: 2, saveSteps: 1 },
  },
  "masked tokens, after a causal beginning": {
    head: "masked-language-model",
    method: "full",
    options: {
      objective: maskedLanguageModel(vocabulary, 0.3),
      curriculum: [{ objective: causalLanguageModel, steps: 7 }],
      metrics: [],
      metricForBest: "loss",
      padTokenId: 1,
      epochs: 3,
      saveSteps: 2,
    },
  },
};

describe.each(Object.entries(cases))("%s", (_, settings) => {
  test("is the same from every checkpoint on", async () => {
    const whole = await course(settings);
    expect(whole.states.length).toBeGreaterThan(3);
    for (const [i, state] of whole.states.entries()) {
      const rest = await course(settings, { from: structuredClone(state) });
      expect(rest.weights, `from step ${state.step}`).toBe(whole.weights);
      expect(rest.told).toEqual(whole.told.slice(-rest.told.length));
      const timeless = (states: readonly TrainingState[]) =>
        states.map(({ clock: { examples, tokens }, ...rest }) => ({ ...rest, examples, tokens }));
      expect(timeless(rest.states)).toEqual(timeless(whole.states.slice(i + 1)));
    }
  });

  test("is the same when interrupted after each step in turn", async () => {
    const whole = await course(settings);
    let from: TrainingState | null = null;
    let told: unknown[] = [];
    let weights = "";
    for (let ended = false; !ended;) {
      const controller = new AbortController();
      const part: Course = await course(settings, {
        from,
        signal: controller.signal,
        on: (event) => event.type === "step" && controller.abort(),
      });
      ended = JSON.stringify(part.told.at(-1)).includes("interrupted") === false;
      told = [...told, ...(ended ? part.told : part.told.slice(0, -1))];
      from = part.states.at(-1) ?? null;
      ({ weights } = part);
    }
    expect(told).toEqual(whole.told);
    expect(weights).toBe(whole.weights);
  });
});

test("an evaluation that was cut off is made up for before anything else", async () => {
  const settings: Case = { options: { epochs: 2, evalBatchSize: 1 } };
  const whole = await course(settings);
  const controller = new AbortController();
  const part = await course(settings, {
    signal: controller.signal,
    on: (event) => event.type === "step" && event.step === 5 && controller.abort(),
  });
  expect(part.states.at(-1)).toMatchObject({ step: 5, evaluationDue: true } satisfies Partial<TrainingState>);
  const rest = await course(settings, { from: part.states.at(-1)! });
  expect(rest.told[0]).toMatchObject({ type: "evaluation", step: 5 });
  expect(rest.weights).toBe(whole.weights);
});

test("a checkpoint's state is live: the next step writes into it", async () => {
  let kept: CheckpointEvent | undefined;
  let before = "";
  await course(
    { options: { saveSteps: 1, maxSteps: 4, evalSteps: 100 } },
    {
      on: (event) => {
        if (event.type === "checkpoint" && !kept) {
          kept = event;
          before = JSON.stringify(event.state.optimizer.mean.map((array) => [...array]));
        }
      },
    },
  );
  expect(JSON.stringify(kept!.state.optimizer.mean.map((array) => [...array]))).not.toBe(before);
});
