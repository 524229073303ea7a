/**
 * VeRA (Kopiczko, Blankevoort & Asano, ICLR 2024): W′ = W + diag(b)·B·diag(d)·A. A [r, in] and B [out, r] are random, frozen
 * and shared by all modules, each of which takes as much of them as it is large and trains the vectors b [out] and d [r].
 */
import * as z from "zod";
import { matmul, mul, slice, unsqueeze } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import type { ParameterTable } from "../../nn/parameters.ts";
import { compose, trainHead, withAdded } from "../attachment.ts";
import { addedTo, dropoutOption, droppedDeltas, loraPlaces, rankOption, withDeltas } from "../low-rank.ts";
import type { AddedTensor, Method } from "../method.ts";
import { type LinearModule, type TargetOptions, targetOptions, targetsOf } from "../targets.ts";

export interface VeraOptions extends TargetOptions {
  /** r, the rank of what is added. */
  readonly rank: number;
  /** What d begins as. */
  readonly d_initial: number;
  readonly vera_dropout: number;
}

export const vera: Method<VeraOptions> = {
  name: "vera",
  summary: "scales of two random matrices that all layers share, added to each weight",
  reference: "Kopiczko et al., ICLR 2024",
  learningRate: 2e-2,
  learningRateSource: "peft's notebook for sequence classification",
  options: {
    rank: rankOption(256),
    d_initial: z.number().default(0.1).describe("what the scales between the two matrices begin as"),
    vera_dropout: dropoutOption,
    ...targetOptions("query and value"),
  },
  attach(specs, chosen) {
    const { modules, choice } = targetsOf(specs, chosen, loraPlaces);
    const added = [
      ...sharedBy(modules, chosen.rank),
      ...modules.flatMap((module) => [
        addedTo(module, scaleB, [module.weight.shape[0]!], "zeros"),
        addedTo(module, scaleD, [chosen.rank], { constant: chosen.d_initial }),
      ]),
    ];
    const dropped = droppedDeltas(modules, chosen.vera_dropout, withDeltas(modules, deltaOf), (module, x, table) =>
      matmul(x, deltaOf(module, table), { transposeB: true }),
    );
    return compose(withAdded(added, { ...choice, ...dropped }), trainHead(specs));
  },
};

const [matrixA, matrixB] = ["vera_A", "vera_B"];
const scaleB = "vera_lambda_b";
const scaleD = "vera_lambda_d";

/** A and B as large as the largest module needs them, uniform with a variance of 2 over what each sums over (He et al. 2015). */
function sharedBy(modules: readonly LinearModule[], r: number): AddedTensor[] {
  const largest = (axis: number) => Math.max(...modules.map(({ weight }) => weight.shape[axis]!));
  const shared = (name: string, shape: readonly [number, number]): AddedTensor => ({
    name,
    of: null,
    shape,
    role: "linear",
    initializer: { uniform: Math.sqrt(6 / shape[1]) },
    block: null,
    head: false,
    trained: false,
  });
  return [shared(matrixA, [r, largest(1)]), shared(matrixB, [largest(0), r])];
}

/** diag(b)·B·diag(d)·A, of A and B the first columns and rows. */
function deltaOf({ name, weight }: LinearModule, table: ParameterTable): Value {
  const [out, inner] = weight.shape as [number, number];
  const [b, d] = [scaleB, scaleD].map((suffix) => unsqueeze(table.get(`${name}.${suffix}`)!, 1));
  const [wholeA, wholeB] = [table.get(matrixA)!, table.get(matrixB)!];
  return matmul(mul(first(wholeB, 0, out), b!), mul(first(wholeA, 1, inner), d!));
}

/** The first `n` slices of x along an axis. */
function first(x: Value, axis: number, n: number): Value {
  return x.shape[axis] === n ? x : slice(x, axis, 0, n);
}
