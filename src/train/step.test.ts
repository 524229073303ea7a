import { describe, expect, test } from "vitest";
import { tinyAttachment } from "../../test/tiny-training.ts";
import { constant } from "../graph/ops.ts";
import { print } from "../graph/print.ts";
import type { Supervision } from "./evaluate.ts";
import { isOp, type Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { forwardPass, gradientName, trainingStep } from "./step.ts";
import { labelObjectives } from "./objectives/labels.ts";

const attached = tinyAttachment("bert-classification", { options: { update: "both", train_bias: true }, labels: 1 });
const inputsOf = (outputs: Readonly<Record<string, Value>>) =>
  new Map(
    topological(Object.values(outputs))
      .filter((value) => isOp(value, "input"))
      .map(({ attrs: { name }, type, shape }) => [name, `${type} ${shape.join(",")}`]),
  );

describe.each<[Supervision, string]>([
  ["classification", "int64 batch"],
  ["regression", "float32 batch"],
])("a step of %s", (supervision, labels) => {
  const step = trainingStep(attached, labelObjectives[supervision]);
  const inputs = inputsOf(step);

  test("is fed a batch, its labels and the weights, and nothing else: slices are parts of the weights", () => {
    expect(inputs.get("labels")).toBe(labels);
    for (const name of ["input_ids", "attention_mask", "token_type_ids"])
      expect(inputs.get(name)).toBe("int64 batch,sequence");
    const batch = ["labels", "input_ids", "attention_mask", "token_type_ids"];
    expect([...inputs.keys()].filter((name) => !batch.includes(name)).toSorted()).toEqual(
      attached.specs.map(({ name }) => name).toSorted(),
    );
  });

  test("gives the loss and a gradient of each trained tensor in its shape, the last parameters first", () => {
    const { trained } = attached.attachment;
    expect(Object.keys(step)[0]).toBe("loss");
    expect(Object.keys(step).slice(1).toSorted()).toEqual(trained.map(({ name }) => gradientName(name)).toSorted());
    for (const { name, shape } of trained) expect(step[gradientName(name)]!.shape).toEqual(shape);
    const order = attached.specs.map(({ name }) => name);
    const depths = Object.keys(step)
      .slice(1)
      .map((key) => order.indexOf(trained.find(({ name }) => gradientName(name) === key)!.parameter.name));
    expect(depths).toEqual(depths.toSorted((a, b) => b - a));
  });
});

test("what the loss does not depend on has a gradient of zeros", () => {
  const indifferent = { ...labelObjectives.regression, loss: () => constant(1) };
  const { loss: _, ...gradients } = trainingStep(attached, indifferent);
  const values = Object.values(gradients);
  expect(print(values)).toBe(`return ${values.map(({ shape }) => `0[${shape.join(", ")}]`).join(", ")}`);
});

test("the forward pass is fed no labels", () => {
  const { logits } = forwardPass(attached);
  expect([logits!.type, logits!.shape]).toEqual(["float32", ["batch", 1]]);
  expect(inputsOf({ logits: logits! }).has("labels")).toBe(false);
});

test("of the last layer keys and values alone are computed for every token, forward and backward", () => {
  const layers = attached.specs.filter(({ name }) => name.endsWith("self.query.weight")).length;
  const products = (graph: Readonly<Record<string, Value>>, many: string) =>
    topological(Object.values(graph)).filter(
      (x) => (isOp(x, "linear") || isOp(x, "matmul")) && x.shape.length === 3 && x.shape[1] === many,
    ).length;
  const LINEARS = 6;
  expect(products(forwardPass(attached), "sequence")).toBe(LINEARS * (layers - 1) + 2);
  // Rows give back from every token what they do from the layers above, and those of the first layer's attention to nobody.
  const whole = trainingStep(attached, labelObjectives.regression, { gradientCheckpointing: false });
  expect(products(whole, "tokens")).toBe(2 * (LINEARS * (layers - 1) + 2) - 3);
});
