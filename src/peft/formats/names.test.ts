import { describe, expect, test } from "vitest";
import { tinyAttachment } from "../../../test/tiny-training.ts";
import { linearModules } from "../targets.ts";
import { modulesHolding, moduleOf, targetNames } from "./names.ts";

const { specs } = tinyAttachment("bert-classification");
const all = linearModules(specs).map(({ name }) => name);
const ending = (...ends: readonly string[]) => all.filter((name) => ends.some((end) => name.endsWith(`.${end}`)));
const isPooler = (module: string) => module === "bert.pooler.dense";

describe("names of targets", () => {
  test.each<readonly [what: string, targets: readonly string[], names: readonly string[]]>([
    ["the last part of the name", ending("query", "value"), ["query", "value"]],
    ["more of it, where others end so too", ending("intermediate.dense"), ["intermediate.dense"]],
    ["one for several places", ending("intermediate.dense", "output.dense"), ["dense"]],
    ["two of three", ending("output.dense"), ["output.dense"]],
    [
      "the layer's number, where other layers have the same",
      ending("1.attention.self.key"),
      ["layer.1.attention.self.key"],
    ],
    ["none", [], []],
  ])("%s", (_, targets, names) => expect(targetNames(targets, specs, isPooler)).toEqual(names));

  test("a module that is looked at too keeps the short name from being used", () => {
    const dense = ending("intermediate.dense", "output.dense");
    expect(targetNames(dense, specs, () => false)).toEqual(["output.dense", "intermediate.dense"]);
  });

  test("names are of the targets alone, as peft matches them", () => {
    for (const module of all)
      for (const [name] of [targetNames([module], specs, isPooler)]) {
        const matched = specs.map((spec) => moduleOf(spec.name)).filter((other) => `.${other}`.endsWith(`.${name}`));
        expect([...new Set(matched)]).toEqual([module]);
      }
  });
});

describe("modules that hold parameters", () => {
  test("are the outermost that hold no others", () => {
    const head = specs.filter((spec) => spec.head).map(({ name }) => name);
    expect(modulesHolding(head, specs)).toEqual(["bert.pooler", "classifier"]);
    const layer = specs.filter(({ block }) => block === 1).map(({ name }) => name);
    expect(modulesHolding(layer, specs)).toEqual(["bert.encoder.layer.1"]);
  });

  test("are refused for a parameter without the others of its module", () => {
    expect(() => modulesHolding(["bert.encoder.layer.0.output.dense.bias"], specs)).toThrow(
      new Error(
        "bert.encoder.layer.0.output.dense.bias: peft saves whole modules beside an adapter, and this is a part of one",
      ),
    );
  });
});
