import { describe, expect, test } from "vitest";
import { tinyModel } from "../../test/tiny-training.ts";
import { keepBest } from "./best.ts";

const adapted = await tinyModel("bert-classification", { options: { update: "both", select: "last", rank: 2 } });

/** The steps that were better than all before, of scores offered one after another. */
function better(metric: string, scores: readonly number[]) {
  const best = keepBest(adapted, metric);
  const taken = scores.map((score, step) => best.offer(step, { loss: 0, [metric]: score })).map(Number);
  return { taken: taken.join(""), step: best.state!.step, since: best.state!.sinceBest };
}

describe("the best", () => {
  test.each<[string, string, number[], string, number | null, number]>([
    ["of an accuracy is the highest", "accuracy", [0.5, 0.4, 0.6, 0.55], "1010", 2, 1],
    ["of a loss is the lowest", "loss", [0.5, 0.6, 0.4, 0.3, 0.35], "10110", 3, 1],
    ["of equals is the earlier", "accuracy", [0.5, 0.5, 0.5], "100", 0, 2],
    ["may be below 0", "pearson", [-0.5, -0.6, -0.2], "101", 2, 0],
    ["is never NaN after a number", "accuracy", [0.5, NaN, 0.4], "100", 0, 2],
    ["is never NaN before a number", "pearson", [NaN, -0.9, NaN], "110", 1, 1],
    ["is the first of NaNs", "pearson", [NaN, NaN], "10", 0, 1],
    ["loss is never NaN before a number", "loss", [NaN, 9], "11", 1, 0],
  ])("%s", (_, metric, scores, taken, step, since) => expect(better(metric, scores)).toEqual({ taken, step, since }));

  test("is nothing before the first", () => {
    expect(keepBest(adapted, "accuracy").state).toBe(null);
  });
});

describe("restoring", () => {
  const fill = (value: number) => adapted.trained.forEach(({ view }) => (view.data.fill(value), view.commit()));
  const weights = () => JSON.stringify(Object.values(adapted.weights).map(({ data }) => [...data]));

  test("puts the numbers of the best step back into the weights", () => {
    const best = keepBest(adapted, "accuracy");
    fill(1);
    const atBest = weights();
    best.offer(1, { accuracy: 0.7 });
    fill(2);
    best.offer(2, { accuracy: 0.3 });
    expect(weights()).not.toBe(atBest);
    best.restore();
    expect(weights()).toBe(atBest);
    expect(best.state).toMatchObject({ step: 1, scores: { accuracy: 0.7 }, sinceBest: 1 });
  });

  test("changes nothing where nothing was offered", () => {
    const best = keepBest(adapted, "accuracy");
    fill(3);
    const before = weights();
    best.restore();
    expect(weights()).toBe(before);
  });
});
