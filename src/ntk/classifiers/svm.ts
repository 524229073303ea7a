/** Support vector machines, one against one. */
import type { Kernel } from "../kernel.ts";
import { timesVector } from "../../tensor/vectors.ts";
import type { KernelClassifier, Predict, Problem } from "./classifier.ts";
import { differenceKernel, differenceValues } from "./parts.ts";
import { crossValidated } from "./selection.ts";
import { type SupportVectors, supportVectors } from "./smo.ts";

/** A machine that tells class a (positive) from class b. */
interface Duel {
  readonly a: number;
  readonly b: number;
  /** The training inputs of the two classes, [k]. */
  readonly inputs: Int32Array;
  readonly machine: SupportVectors;
}

/**
 * For each pair of classes a soft-margin machine with an intercept, on the inputs of the two, with the kernel of f_a − f_b
 * and C = 1/strength; f⁰_a − f⁰_b is added to what it decides, in its margins too. A class's score is its number of duels
 * won, plus up to a third for how clearly, as scikit-learn's `decision_function` has it for several classes; the scores
 * of two classes are half the decision, for and against.
 */
export const supportVectorMachine: KernelClassifier = crossValidated({
  name: "svm",
  summary: "the widest margin between each two classes, softened",
  reference: "Cortes & Vapnik 1995; Fan, Chen & Lin 2005",
  strength: "1/C",
  strengths: [100, 10, 1, 0.1, 1e-2, 1e-3, 1e-4],
  *solutions(problem, strengths): Generator<Predict> {
    for (const strength of strengths) {
      const duels = pairsOf(problem.classes).map(([a, b]) => duelOf(problem, a, b, 1 / strength));
      yield (kernel, initial) => {
        const decisions = duels.map((duel) => decisionsOf(duel, kernel, initial));
        return scoresOfDuels(duels, decisions, problem.classes, kernel.shape[0]);
      };
    }
  },
});

function pairsOf(classes: number): [number, number][] {
  return Array.from({ length: classes }, (_, a) => a).flatMap((a) =>
    Array.from({ length: classes - a - 1 }, (_, k): [number, number] => [a, a + 1 + k]),
  );
}

function duelOf({ kernel, labels, initial }: Problem, a: number, b: number, cost: number): Duel {
  const inputs = Int32Array.from(labels.keys()).filter((i) => labels[i] === a || labels[i] === b);
  const n = labels.length;
  const difference = differenceKernel(kernel, a, b);
  const between = Float64Array.from({ length: inputs.length ** 2 }, (_, at) => {
    return difference[inputs[Math.floor(at / inputs.length)]! * n + inputs[at % inputs.length]!]!;
  });
  const signs = Float64Array.from(inputs, (i) => (labels[i] === a ? 1 : -1));
  const offset = initial && differenceValues(initial, kernel.shape[1], a, b);
  const offsets = Float64Array.from(inputs, (i) => offset?.[i] ?? 0);
  return { a, b, inputs, machine: supportVectors(between, signs, offsets, cost) };
}

/** f_a − f_b of each new input. */
function decisionsOf({ a, b, inputs, machine }: Duel, kernel: Kernel, initial?: Float64Array): Float64Array {
  const [, outputs, columns] = kernel.shape;
  const coefficients = new Float64Array(columns);
  inputs.forEach((i, k) => (coefficients[i] = machine.coefficients[k]!));
  const offset = initial && differenceValues(initial, outputs, a, b);
  const learnt = timesVector(differenceKernel(kernel, a, b), coefficients);
  return learnt.map((value, i) => value + machine.intercept + (offset?.[i] ?? 0));
}

/** [m, classes] */
function scoresOfDuels(
  duels: readonly Duel[],
  decisions: readonly Float64Array[],
  classes: number,
  inputs: number,
): Float64Array {
  const scores = new Float64Array(inputs * classes);
  for (let i = 0; i < inputs; i++) {
    const own = scores.subarray(i * classes, (i + 1) * classes);
    const sums = new Float64Array(classes);
    duels.forEach(({ a, b }, k) => {
      const decision = decisions[k]![i]!;
      sums[a]! += decision;
      sums[b]! -= decision;
      own[decision >= 0 ? a : b]! += 1;
    });
    own.forEach((won, c) => {
      own[c] = classes === 2 ? sums[c]! / 2 : won + sums[c]! / (3 * (Math.abs(sums[c]!) + 1));
    });
  }
  return scores;
}
