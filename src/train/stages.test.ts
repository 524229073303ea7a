import { expect, test } from "vitest";
import { tinyModel } from "../../test/tiny-training.ts";
import { print } from "../graph/print.ts";
import type { Value } from "../graph/value.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Objective } from "./objective.ts";
import { causalLanguageModel, maskedLanguageModel } from "./objectives/language-model.ts";
import type { TrainingOptions } from "./options.ts";
import { createStages } from "./stages.ts";
import { trainingStep } from "./step.ts";

const adapted = await tinyModel("roberta-mlm", { head: "masked-language-model" });
const masked = maskedLanguageModel({ size: 53, maskTokenId: 4, specialTokenIds: new Set() }, 0.15);
/** Another objective of the same graph. */
const second: Objective = { ...causalLanguageModel, name: "second" };
const text = (outputs: Readonly<Record<string, Value>>) => print(Object.values(outputs));
const graphs = {
  causal: text(trainingStep(adapted, causalLanguageModel)),
  masked: text(trainingStep(adapted, masked)),
};

/** Stages over a runtime that compiles nothing, and what is asked of it: `+n` for the n-th program, `-n` when it is freed. */
function watched(curriculum: TrainingOptions["curriculum"]) {
  const asked: string[] = [];
  const compiled: string[] = [];
  const runtime: Runtime = {
    description: "none",
    hasOwnMemory: false,
    residentBytes: () => null,
    async compile(outputs) {
      const n = compiled.push(text(outputs));
      asked.push(`+${n}`);
      const run = () => Promise.reject(new Error("nothing runs here"));
      return { inputs: [], run, dispose: async () => void asked.push(`-${n}`) };
    },
  };
  return { stages: createStages(adapted, runtime, { objective: masked, curriculum }), asked, compiled };
}

const curriculum = [
  { objective: causalLanguageModel, steps: 2 },
  { objective: second, steps: 3 },
];
/** The objective of each step, and what is asked of the runtime for it. */
const course: readonly (readonly [Objective, string])[] = [
  [causalLanguageModel, "+1"],
  [causalLanguageModel, ""],
  [second, "-1 +2"],
  [second, ""],
  [second, ""],
  [masked, "-2 +3"],
  [masked, ""],
];

test("each objective has its steps; its program is there from the first of them to the last, alone", async () => {
  const { stages, asked, compiled } = watched(curriculum);
  expect(asked).toEqual([]);
  for (const [step, [objective, changes]] of course.entries()) {
    const before = asked.length;
    expect((await stages.at(step)).objective, `step ${step}`).toBe(objective);
    expect(asked.slice(before).join(" "), `step ${step}`).toBe(changes);
  }
  expect(compiled).toEqual([graphs.causal, graphs.causal, graphs.masked]);
  await stages.dispose();
  expect(asked.at(-1)).toBe("-3");
});

test("a training that goes on at any step compiles the objective of that step alone", async () => {
  for (const [step, [objective]] of course.entries()) {
    const { stages, asked } = watched(curriculum);
    expect((await stages.at(step)).objective, `step ${step}`).toBe(objective);
    expect(asked).toEqual(["+1"]);
  }
});

test("without others, the one objective has all steps and one program", async () => {
  const { stages, asked } = watched([]);
  const first = await stages.at(0);
  expect(first.objective).toBe(masked);
  expect(await stages.at(1)).toBe(first);
  expect(await stages.at(10_000)).toBe(first);
  expect(asked).toEqual(["+1"]);
});

test("an objective of no steps is passed over", async () => {
  const { stages } = watched([{ objective: causalLanguageModel, steps: 0 }]);
  expect((await stages.at(0)).objective).toBe(masked);
});

test("what is disposed of twice, or before anything is compiled, is freed once or not at all", async () => {
  const { stages, asked } = watched(curriculum);
  await stages.dispose();
  expect(asked).toEqual([]);
  await stages.at(0);
  await stages.dispose();
  await stages.dispose();
  expect(asked).toEqual(["+1", "-1"]);
});
