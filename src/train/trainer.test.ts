/** The training loop on a tiny model and data in memory. */
import { describe, expect, test } from "vitest";
import { tinyModel, tinyTraining } from "../../test/tiny-training.ts";
import type { EncodedDataset } from "../data/encode.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type AdaptedModel, commit } from "./adapt.ts";
import type { StepEvent } from "./events.ts";
import type { TrainingOptions } from "./options.ts";
import { epochBatches } from "./epoch.ts";
import { copyOf, data, runtime, type Trained, trained, validation } from "./trainer.cases.ts";
import { train } from "./trainer.ts";
import type { Objective } from "./objective.ts";
import { labelObjectives } from "./objectives/labels.ts";

describe("seeds", () => {
  const bare = ({ steps, evaluations }: Trained) => [
    ...steps.map(({ step, loss, gradientNorm }) => [step, loss, gradientNorm]),
    ...evaluations.map(({ step, scores }) => [step, scores]),
  ];

  test("the same one gives the same weights and figures, bit for bit; another one others", async () => {
    const model = { options: { update: "both", select: "random" } };
    const [first, second, other] = [
      await trained({ model, options: { epochs: 2 } }),
      await trained({ model, options: { epochs: 2 } }),
      await trained({ model, options: { epochs: 2, seed: 1 } }),
    ];
    expect(bare(second)).toEqual(bare(first));
    expect(second.weights).toBe(first.weights);
    expect(other.weights).not.toBe(first.weights);
    expect(bare(other)).not.toEqual(bare(first));
  });
});

test("what a batch draws at random is drawn anew in each step, and the same for the same seed", async () => {
  const drawn = async (seed: number) => {
    const numbers: number[] = [];
    const { classification } = labelObjectives;
    const objective: Objective = {
      ...classification,
      batch(data, examples, options) {
        numbers.push(options.stream.uniform());
        return classification.batch(data, examples, options);
      },
    };
    await trained({ options: { objective, seed, epochs: 2 } });
    return numbers;
  };
  const [first, again, other] = [await drawn(0), await drawn(0), await drawn(1)];
  expect(new Set([...first, ...other]).size).toBe(first.length + other.length);
  expect(again).toEqual(first);
});

test.each<Partial<TrainingOptions>>([
  {},
  { groupByLength: false },
  { groupByLength: true, batchSize: 3, gradientAccumulationSteps: 2 },
])("reads the batches of each epoch in turn: %j", async (options) => {
  const read: Int32Array[] = [];
  const { classification } = labelObjectives;
  const objective: Objective = {
    ...classification,
    batch(data, examples, options) {
      read.push(examples);
      return classification.batch(data, examples, options);
    },
  };
  const settings = { ...tinyTraining, ...options };
  await trained({ validation: null, options: { ...options, objective, epochs: 2 } });
  expect(read).toEqual([0, 1].flatMap((epoch) => epochBatches(data.lengths, epoch, settings)));
});

test.each<[Partial<TrainingOptions>, number[]]>([
  [{ evalSteps: 3, maxSteps: 8 }, [3, 6, 8]],
  [{ evalSteps: 4, maxSteps: 8 }, [4, 8]],
  [{ evalSteps: 100, maxSteps: 8 }, [8]],
  [{ evalSteps: null, maxSteps: 12 }, [5, 10, 12]],
  [{ evalSteps: null, epochs: 0.4 }, [2]],
])("evaluates when it is asked to: %j", async (options, expected) => {
  const { evaluations } = await trained({ options });
  expect(evaluations.map(({ step }) => step)).toEqual(expected);
});

describe("the weights that are kept", () => {
  test("are those of the best evaluation", async () => {
    const at = new Map<number, string>();
    const { weights, end, evaluations } = await trained({
      options: { learningRate: 0.3, evalSteps: 1, maxSteps: 6, metricForBest: "loss" },
      on: (event, adapted) => event.type === "evaluation" && at.set(event.step, copyOf(adapted)),
    });
    const { step, bestStep, bestScores } = end[0]!;
    const losses = evaluations.map(({ scores }) => scores["loss"]!);
    expect(bestStep).toBe(1 + losses.indexOf(Math.min(...losses)));
    expect(bestStep).toBeLessThan(step);
    expect(bestScores).toEqual(evaluations[bestStep! - 1]!.scores);
    expect(evaluations.filter(({ best }) => best).at(-1)!.step).toBe(bestStep);
    expect(weights).toBe(at.get(bestStep!));
    expect(weights).not.toBe(at.get(step));
  });

  test("are those of the last step where nothing is evaluated", async () => {
    let last = "";
    const { weights } = await trained({
      validation: null,
      options: { maxSteps: 3 },
      on: (event, adapted) => event.type === "step" && (last = copyOf(adapted)),
    });
    expect(weights).toBe(last);
  });
});

test("early stopping: after so many evaluations without a new best", async () => {
  const { evaluations, end } = await trained({
    options: { learningRate: 0, evalSteps: 1, maxSteps: 10, earlyStoppingPatience: 3 },
  });
  expect(evaluations.map(({ best }) => best)).toEqual([true, false, false, false]);
  expect(end[0]).toMatchObject({ reason: "early stopping", step: 4, bestStep: 1 });
});

test("an abort during an evaluation ends it after the batch under way, and nothing is scored", async () => {
  const controller = new AbortController();
  let batches = 0;
  const counting: Runtime = {
    ...runtime,
    async compile(outputs) {
      const program = await runtime.compile(outputs);
      const run: typeof program.run = (feeds) => {
        if (++batches === 2) controller.abort();
        return program.run(feeds);
      };
      return "loss" in outputs ? program : { ...program, run };
    },
  };
  const { evaluations, end } = await trained({
    runtime: counting,
    signal: controller.signal,
    options: { evalSteps: 1, evalBatchSize: 4, maxSteps: 1 },
  });
  expect(batches).toBe(2);
  expect(evaluations).toEqual([]);
  expect(end[0]).toMatchObject({ reason: "interrupted", step: 1, bestStep: null });
});

describe("an abort", () => {
  test("ends the training after the step under way, with the best so far", async () => {
    const controller = new AbortController();
    let best = "";
    const { steps, end, weights } = await trained({
      signal: controller.signal,
      options: { evalSteps: 2, maxSteps: 10 },
      on(event, adapted) {
        if (event.type === "evaluation" && event.step === 2) best = copyOf(adapted);
        if (event.type === "step" && event.step === 3) controller.abort();
      },
    });
    expect(steps).toHaveLength(3);
    expect(end).toMatchObject([{ reason: "interrupted", step: 3, bestStep: 2 }]);
    expect(weights).toBe(best);
  });

  test("before the start changes nothing", async () => {
    const { weights, events } = await trained({ signal: AbortSignal.abort() });
    expect(events).toMatchObject([
      { type: "checkpoint", step: 0 },
      { type: "end", reason: "interrupted", step: 0, bestStep: null },
    ]);
    expect(weights).toBe(copyOf(await tinyModel("bert-classification")));
  });
});

describe("a loss that is not finite is an error in one line, before that step changes anything", () => {
  test("after a step with an infinite learning rate", async () => {
    let afterFirst = "";
    let model: AdaptedModel | undefined;
    const running = trained({
      options: { learningRate: Infinity, maxSteps: 3 },
      train: { ...data, lines: data.lines.map((line) => line + 1000) },
      on(_, adapted) {
        model = adapted;
        afterFirst = copyOf(adapted);
      },
    });
    await expect(running).rejects.toThrow(
      /^training: the loss is NaN at step 2 \(learning rate Infinity; batch of tiny\.tsv lines 10\d\d, 10\d\d, 10\d\d, 10\d\d, …\); a lower --learning_rate is the usual remedy$/,
    );
    expect(copyOf(model!)).toBe(afterFirst);
  });

  test("with weights that are no numbers", async () => {
    const adapted = await tinyModel("bert-classification");
    adapted.weights["bert.embeddings.LayerNorm.bias"]!.data[3] = NaN;
    const before = copyOf(adapted);
    const running = train({ adapted, runtime, train: data, validation, options: tinyTraining });
    await expect(running.next()).rejects.toThrow(
      /^training: the loss is NaN at step 1 \(learning rate 0\.0100; [^\n]+$/,
    );
    expect(copyOf(adapted)).toBe(before);
  });
});

test("regression: the mean squared error falls, scores are correlations", async () => {
  const targets = (from: EncodedDataset) => ({ ...from, labels: from.labels.map((label) => 0.5 + 1.25 * label) });
  const { steps, evaluations } = await trained({
    model: { labels: 1 },
    train: targets(data),
    validation: targets(validation),
    options: {
      objective: labelObjectives.regression,
      metrics: ["pearson", "spearmanr"],
      metricForBest: "pearson",
      epochs: 12,
    },
  });
  const average = (part: readonly StepEvent[]) => part.reduce((sum, { loss }) => sum + loss, 0) / part.length;
  expect(average(steps.slice(-5))).toBeLessThan(average(steps.slice(0, 5)) / 2);
  expect(Object.keys(evaluations[0]!.scores).toSorted()).toEqual(["loss", "pearson", "spearmanr"]);
});

describe("sessions", () => {
  /** The runtime, counting the sessions that are open. */
  const counting = () => {
    const counts = { opened: 0, open: 0 };
    const counted: Runtime = {
      ...runtime,
      async compile(outputs) {
        const program = await runtime.compile(outputs);
        counts.opened++;
        counts.open++;
        return { ...program, dispose: () => (counts.open--, program.dispose()) };
      },
    };
    return { counts, counted };
  };

  test.each<[string, (runtime: Runtime) => Promise<unknown>]>([
    ["at the end", (runtime) => trained({ runtime, options: { maxSteps: 1 } })],
    ["after an error", (runtime) => trained({ runtime, options: { learningRate: Infinity } }).catch(() => {})],
    [
      "when the reader leaves",
      async (runtime) => {
        const adapted = await tinyModel("bert-classification");
        const running = train({ adapted, runtime, train: data, validation, options: tinyTraining });
        for await (const { type } of running) if (type === "step") break;
      },
    ],
  ])("are freed %s", async (_, run) => {
    const { counts, counted } = counting();
    await run(counted);
    expect(counts).toEqual({ opened: 2, open: 0 });
  });
});

test("trains the arrays that it was given, in place", async () => {
  const arrays: Float32Array[] = [];
  const { adapted } = await trained({
    model: { options: { update: "both", select: "random" } },
    validation: null,
    on: (event, { weights }) => event.type === "step" && arrays.push(...Object.values(weights).map(({ data }) => data)),
  });
  const kept = Object.values(adapted.weights).map(({ data }) => data);
  arrays.forEach((array, i) => expect(array).toBe(kept[i % kept.length]));
  const before = copyOf(adapted);
  commit(adapted);
  expect(copyOf(adapted)).toBe(before);
});

test("a gradient that is not finite is an error before it changes anything", async () => {
  const adapted = await tinyModel("bert-classification", { method: "full" });
  // tanh saturates: the loss is finite, what is pulled back through the matrix is 0 times infinity.
  adapted.weights["bert.pooler.dense.weight"]!.data[0] = Infinity;
  const events = train({ adapted, runtime, train: data, validation: null, options: { ...tinyTraining, maxSteps: 1 } });
  await expect(events.next()).rejects.toThrow(/^training: the gradient's norm is NaN at step 1 /);
  expect(Object.values(adapted.weights).filter(({ data: weight }) => weight.some(Number.isNaN))).toEqual([]);
});

test("no examples are an error", async () => {
  const adapted = await tinyModel("bert-classification");
  const none = {
    ...data,
    encodings: [],
    labels: new Float64Array(0),
    lines: new Int32Array(0),
    lengths: new Int32Array(0),
  };
  const events = train({ adapted, runtime, train: none, validation: null, options: { ...tinyTraining, maxSteps: 1 } });
  await expect(events.next()).rejects.toThrow(/no examples/);
});
