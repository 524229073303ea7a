import { describe, expect, test } from "vitest";
import { random } from "../tensor/random.ts";
import { adamw, type AdamWOptions } from "./adamw.ts";
import type { Parameter } from "./optimizer.ts";

/** AdamW as Loshchilov & Hutter (2019) write it, Algorithm 2, on one number in float64; decay by rate·λ as PyTorch has it. */
function reference(
  start: number,
  gradients: readonly number[],
  rates: readonly number[],
  decay: boolean,
  options: AdamWOptions,
) {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  let [x, m, v] = [start, 0, 0];
  gradients.forEach((g, i) => {
    const t = i + 1;
    if (decay) x -= rates[i]! * weightDecay * x;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g ** 2;
    const [mHat, vHat] = [m / (1 - beta1 ** t), v / (1 - beta2 ** t)];
    x -= (rates[i]! * mHat) / (Math.sqrt(vHat) + epsilon);
  });
  return x;
}

const parameter = (decay: boolean, ...data: number[]): Parameter => ({
  name: decay ? "weight" : "bias",
  data: Float32Array.from(data),
  decay,
});

describe("one step", () => {
  test("moves each number by the learning rate against its gradient's sign, however large the gradient", () => {
    const optimizer = adamw();
    const parameters = [parameter(true, 1, 1, 1, 1)];
    const state = optimizer.init(parameters);
    optimizer.update(parameters, [Float32Array.of(3, -0.001, 1e6, 0)], state, 0.125);
    [1 - 0.125, 1 + 0.125, 1 - 0.125, 1].forEach((x, i) => expect(parameters[0]!.data[i]).toBeCloseTo(x, 5));
    expect(state.step).toBe(1);
  });

  test("epsilon stands beside the corrected root", () => {
    const parameters = [parameter(false, 0)];
    const optimizer = adamw({ epsilon: 0.5 });
    optimizer.update(parameters, [Float32Array.of(0.5)], optimizer.init(parameters), 1);
    expect(parameters[0]!.data[0]).toBeCloseTo(-0.5 / (0.5 + 0.5), 6);
  });
});

describe("many steps", () => {
  test.each<[string, AdamWOptions]>([
    ["by default", {}],
    ["with decay", { weightDecay: 0.3 }],
    ["with other betas", { beta1: 0.5, beta2: 0.8, epsilon: 1e-3 }],
    ["without memory", { beta1: 0, beta2: 0 }],
  ])("follow the formulas in float64, %s", (_, options) => {
    const { normal, uniform } = random(1, "adamw");
    const starts = [[0.5, -2], [3]] as const;
    const parameters = [parameter(true, ...starts[0]), parameter(false, ...starts[1])];
    const optimizer = adamw(options);
    const state = optimizer.init(parameters);
    const rates = Array.from({ length: 50 }, () => 0.1 * uniform());
    const history = rates.map(() => parameters.map(({ data }) => Float32Array.from(data, normal)));
    history.forEach((gradients, i) => optimizer.update(parameters, gradients, state, rates[i]!));
    parameters.forEach(({ data, decay }, p) =>
      data.forEach((x, k) => {
        const gradients = history.map((step) => step[p]![k]!);
        const expected = reference(starts[p]![k]!, gradients, rates, decay, options);
        expect(Math.abs(x - expected), `${p} ${k}`).toBeLessThan(5e-6);
      }),
    );
    expect(state.step).toBe(50);
  });

  test("decay shrinks weights without a gradient and spares what is marked", () => {
    const parameters = [parameter(true, 2), parameter(false, 2)];
    const optimizer = adamw({ weightDecay: 0.5 });
    const state = optimizer.init(parameters);
    for (let i = 0; i < 3; i++) optimizer.update(parameters, [new Float32Array(1), new Float32Array(1)], state, 0.25);
    expect(parameters[0]!.data[0]).toBeCloseTo(2 * (1 - 0.25 * 0.5) ** 3, 6);
    expect(parameters[1]!.data[0]).toBe(2);
  });

  test("a rate of 0 moves nothing but the state", () => {
    const parameters = [parameter(true, 2)];
    const optimizer = adamw({ weightDecay: 0.5 });
    const state = optimizer.init(parameters);
    optimizer.update(parameters, [Float32Array.of(4)], state, 0);
    expect(parameters[0]!.data[0]).toBe(2);
    expect(state.mean[0]![0]).toBeCloseTo(0.4, 6);
    expect(state.square[0]![0]).toBeCloseTo(0.016, 6);
  });
});

test("each training has a state of its own, and writes into the parameters' own memory", () => {
  const memory = Float32Array.of(1, 2, 3, 4);
  const parameters: Parameter[] = [{ name: "rows", data: memory.subarray(1, 3), decay: true }];
  const optimizer = adamw();
  const [first, second] = [optimizer.init(parameters), optimizer.init(parameters)];
  optimizer.update(parameters, [Float32Array.of(1, -1)], first, 0.5);
  expect([first.step, second.step, second.mean[0]![0]]).toEqual([1, 0, 0]);
  [1, 1.5, 3.5, 4].forEach((x, i) => expect(memory[i]).toBeCloseTo(x, 5));
});
