/** Every model fixture: logits, loss, hidden states and every gradient equal to transformers' on PyTorch. */
import { describe, expect, test } from "vitest";
import { input } from "../src/graph/ops.ts";
import { simplify } from "../src/graph/simplify.ts";
import { spanLoss } from "../src/nn/loss.ts";
import { inputTable, scopeOf } from "../src/nn/parameters.ts";
import { full } from "../src/peft/methods/full.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { adapt } from "../src/train/adapt.ts";
import { modelInputs } from "../src/train/forward.ts";
import { loadWeights, parametersOf } from "../src/train/load.ts";
import type { Objective } from "../src/train/objective.ts";
import { labelObjectives } from "../src/train/objectives/labels.ts";
import { gradientName, trainingStep } from "../src/train/step.ts";
import { worstDifference } from "./draw.ts";
import { batchFeeds, fixtureModel, modelNames, readTensors } from "./fixtures.ts";

const runtime = await nativeRuntime({ threads: 1 });

async function prepare(name: string) {
  const { model, config, checkpoint } = fixtureModel(name);
  const expected = readTensors("models", name, "expected.safetensors");
  const [architecture] = config["architectures"] as string[];
  const named = Object.values(model.heads).find((each) => each.architecture === architecture);
  const head = named ?? model.heads["sequence-classification"]!;
  const labels = expected.get("logits")!.shape.at(-1)!;
  const specs = parametersOf(model, head, labels);
  const { weights } = await loadWeights(model, specs, checkpoint, { seed: 0 });
  for (const [key, value] of expected)
    if (key.startsWith("parameter.")) weights[key.slice("parameter.".length)]!.data.set(value.data as Float32Array);
  const attachment = full.attach(specs, {}, random(0));
  const adapted = adapt({ model, head, labels, specs, weights, attachment });
  return { adapted, expected, config, feeds: { ...weights, ...batchFeeds(expected) } as Record<string, Tensor> };
}

/** Learning spans, as far as a step needs it. */
const spans: Objective = {
  ...labelObjectives.classification,
  name: "spans",
  loss({ hidden, head }) {
    const [starts, ends] = ["start_positions", "end_positions"].map((name) => input(name, ["batch"], "int64"));
    return spanLoss(head(hidden()), starts!, ends!);
  },
};

function objectiveOf(problem: unknown, expected: ReadonlyMap<string, Tensor>): Objective {
  if (expected.has("start_positions")) return spans;
  return labelObjectives[problem === "regression" ? "regression" : "classification"];
}

describe.each(modelNames)("%s", (name) => {
  test("gives transformers' hidden states, logits, loss and gradients", async () => {
    const { adapted, expected, config, feeds } = await prepare(name);
    const objective = objectiveOf(config["problem_type"], expected);
    const inputs = modelInputs();
    const scope = scopeOf(inputTable(adapted.specs));
    const hidden = adapted.model.body(scope, inputs);
    const [last, logits] = simplify([hidden, adapted.head.forward(scope, hidden, { labels: adapted.labels, inputs })]);
    const programs = [
      await runtime.compile({ last_hidden_state: last!, logits: logits! }),
      await runtime.compile(trainingStep(adapted, objective)),
    ];
    const results = { ...(await programs[0]!.run(feeds)), ...(await programs[1]!.run(feeds)) };
    for (const key of ["last_hidden_state", "logits", "loss"]) {
      expect(worstDifference(results[key]!.data, floats(expected.get(key)!)), key).toBeLessThan(2e-5);
    }
    const names = [...expected.keys()].filter((key) => key.startsWith("grad.")).map((key) => key.slice("grad.".length));
    expect(names.toSorted()).toEqual(adapted.specs.map((spec) => spec.name).toSorted());
    for (const parameter of names) {
      const difference = worstDifference(
        results[gradientName(parameter)]!.data,
        floats(expected.get(`grad.${parameter}`)!),
      );
      expect(difference, parameter).toBeLessThan(2e-5);
    }
    for (const program of programs) await program.dispose();
  });
});

const floats = (x: Tensor) => x.data as Float32Array;
