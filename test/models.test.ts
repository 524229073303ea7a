/** Every model fixture: logits, loss, hidden states and every gradient equal to transformers' on PyTorch. */
import { describe, expect, test } from "vitest";
import { input } from "../src/graph/ops.ts";
import { simplify } from "../src/graph/simplify.ts";
import { crossEntropy, spanLoss } from "../src/nn/loss.ts";
import { inputTable, scopeOf } from "../src/nn/parameters.ts";
import type { InputName } from "../src/models/architecture.ts";
import { turned } from "../src/models/weights.ts";
import { full } from "../src/peft/methods/full.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import { type Tensor, tensor } from "../src/tensor/tensor.ts";
import { adapt } from "../src/train/adapt.ts";
import { modelInputs } from "../src/train/forward.ts";
import { loadWeights, parametersOf } from "../src/train/load.ts";
import type { Objective } from "../src/train/objective.ts";
import { labelObjectives } from "../src/train/objectives/labels.ts";
import { causalLanguageModel } from "../src/train/objectives/language-model.ts";
import { gradientName, trainingStep } from "../src/train/step.ts";
import { worstDifference } from "./draw.ts";
import { batchFeeds, fixtureModel, modelNames, readJson, readTensors } from "./fixtures.ts";

const runtime = await nativeRuntime({ threads: 1 });

async function prepare(name: string) {
  const { model, config, checkpoint } = fixtureModel(name);
  const expected = readTensors("models", name, "expected.safetensors");
  const { class: architecture } = readJson<{ class: string }>("models", name, "expected.json");
  const head = Object.values(model.heads).find((each) => each.architecture === architecture)!;
  const labels = expected.get("logits")!.shape.at(-1)!;
  const specs = parametersOf(model, head, labels);
  const { weights } = await loadWeights(model, specs, checkpoint, { seed: 0 });
  for (const [key, value] of expected)
    if (key.startsWith("parameter.")) weights[key.slice("parameter.".length)]!.data.set(value.data as Float32Array);
  const attachment = full.attach(specs, {}, random(0));
  const adapted = adapt({ model, head, labels, specs, weights, attachment });
  const isCausal = head === model.heads["causal-language-model"];
  const feeds: Record<string, Tensor> = {
    ...weights,
    ...batchFeeds(expected),
    ...(isCausal && askedTokens(expected.get("labels")!)),
  };
  return { adapted, expected, feeds, objective: isCausal ? causalLanguageModel : objectiveOf(config, expected) };
}

/** Of labels [batch, sequence], −100 where nothing is asked: the positions before the others, through all rows, and the others. */
function askedTokens({ shape, data }: Tensor): Record<string, Tensor> {
  const asked = Array.from(data, Number).flatMap((label, i) =>
    label >= 0 && i % shape[1]! > 0 ? [{ at: i - 1, label }] : [],
  );
  const integers = (values: readonly number[]) => tensor("int64", [values.length], BigInt64Array.from(values, BigInt));
  return { positions: integers(asked.map(({ at }) => at)), labels: integers(asked.map(({ label }) => label)) };
}

/** Learning spans, as far as a step needs it. */
const spans: Objective = {
  ...labelObjectives.classification,
  name: "spans",
  readsPadding: true,
  loss({ hidden, head }) {
    const [starts, ends] = ["start_positions", "end_positions"].map((name) => input(name, ["batch"], "int64"));
    return spanLoss(head(hidden()), starts!, ends!);
  },
};

/** Learning what a decoder is to say next, as far as a step needs it. */
const targets = (given: readonly InputName[]): Objective => ({
  ...labelObjectives.classification,
  name: "targets",
  readsPadding: true,
  loss: ({ hidden, head }) => crossEntropy(head(hidden({ given })), input("labels", ["batch", "target"], "int64")),
});

const decoderInputs = (expected: ReadonlyMap<string, Tensor>) =>
  (["decoder_input_ids", "decoder_attention_mask"] as const).filter((name) => expected.has(name));

function objectiveOf(config: Readonly<Record<string, unknown>>, expected: ReadonlyMap<string, Tensor>): Objective {
  if (expected.has("start_positions")) return spans;
  if (expected.has("decoder_input_ids")) return targets(decoderInputs(expected));
  return labelObjectives[config["problem_type"] === "regression" ? "regression" : "classification"];
}

describe.each(modelNames)("%s", (name) => {
  test("gives transformers' hidden states, logits, loss and gradients", async () => {
    const { adapted, expected, feeds, objective } = await prepare(name);
    const inputs = modelInputs(decoderInputs(expected));
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
    for (const spec of adapted.specs) {
      const gradient = turned(spec, results[gradientName(spec.name)] as Tensor<"float32">);
      const difference = worstDifference(gradient.data, floats(expected.get(`grad.${spec.name}`)!));
      expect(difference, spec.name).toBeLessThan(2e-5);
    }
    for (const program of programs) await program.dispose();
  });
});

const floats = (x: Tensor) => x.data as Float32Array;
