/** What every method of factors and scales must keep: a step forms no matrix of a weight's size. */
import { expect } from "vitest";
import { tinyAttachment, type TinyOptions } from "../../test/tiny-training.ts";
import { print } from "../graph/print.ts";
import { formatShape } from "../tensor/shape.ts";
import { labelObjectives } from "../train/objectives/labels.ts";
import { trainingStep } from "../train/step.ts";

/** Of what a step computes, nothing has the shape of a weight of the body, but for what the head's own weights need. */
export function expectNoFullMatrix(options: TinyOptions): void {
  const attached = tinyAttachment("bert-classification", options);
  const graph = print(Object.values(trainingStep(attached, labelObjectives.classification)));
  const made = graph.split("\n").map((line) => line.slice(line.lastIndexOf("[")));
  const shapes = (head: boolean) =>
    attached.specs
      .filter((spec) => spec.role === "linear" && spec.head === head)
      .map(({ shape }) => formatShape(shape));
  // The head's weights have gradients, and one of them has the shape of some of the body's.
  const shared = shapes(true).filter((shape) => shapes(false).includes(shape));
  expect(made.filter((shape) => shapes(false).includes(shape))).toEqual(shared);
}
