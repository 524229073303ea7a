/**
 * Diff pruning (Guo, Rush & Kim, ACL 2021): W′ = W + z_g·z∘w of every parameter of the body, with w trained and z, z_g hard
 * concrete gates, one for each entry and one for the whole, that a term of the loss pushes shut. The first half of a training
 * learns w and the gates; then the largest changes are kept and the others dropped, and the second half trains those that are
 * left. Evaluation has the gates without chance.
 *
 * The published code makes these phases programs of their own, with learning rates and an optimizer of their own. Here AdamW's
 * moments of what is left go on, and clipping is of all gradients together.
 */
import * as z from "zod";
import { add, axesOf, mul, sum } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import { UNIFORM } from "../../nn/dropout.ts";
import { drawnGates, gateAt, openness, SATURATED, settledGates } from "../../nn/hard-concrete.ts";
import type { ParameterSpec, ParameterTable } from "../../nn/parameters.ts";
import { largestOf } from "../../tensor/largest.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { compose, trainHead, withAdded } from "../attachment.ts";
import type { Dynamics, LiveAdapter, StepMade } from "../dynamics.ts";
import type { AddedTensor, Method, Mode } from "../method.ts";
import { linearModules } from "../targets.ts";

export interface DiffPruningOptions {
  /** The share of all parameters whose changes are kept. */
  readonly density: number;
  /** Whether the head's changes, which all stay, compete for that share. */
  readonly head_in_budget: boolean;
  /** What an open gate adds to the loss. */
  readonly sparsity_penalty: number;
}

export const diffPruning: Method<DiffPruningOptions> = {
  name: "diff_pruning",
  summary: "a change of every parameter, of which gates and their size leave a few",
  reference: "Guo et al., ACL 2021",
  learningRate: 5e-5,
  learningRateSource:
    "its published scripts: 1e-5 while the gates are learned, 5e-5 afterwards; here one rate serves both",
  options: {
    density: z.number().gt(0).max(1).default(0.005).describe("share of all parameters whose changes are kept"),
    head_in_budget: z
      .boolean()
      .default(true)
      .describe("let the head's changes, which all stay, compete for that share, as the paper does"),
    sparsity_penalty: z.number().nonnegative().default(1.25e-7).describe("what each open gate adds to the loss"),
  },
  attach(specs, chosen) {
    const body = specs.filter(({ head }) => !head);
    const part = withAdded(body.flatMap(tensorsOf), {
      targets: linearModules(specs).map(({ name }) => name),
      reparameterize: (table, _, mode) => withChanges(body, table, mode),
      penalty: (table) => mul(openGates(body, table), chosen.sparsity_penalty),
      dynamics: (live) => phases(specs, live, chosen),
    });
    return compose(part, trainHead(specs));
  },
};

const changeOf = ({ name }: ParameterSpec) => `${name}.diff`;
const gatesOf = ({ name }: ParameterSpec) => `${name}.log_alpha`;
const groupGateOf = ({ name }: ParameterSpec) => `${name}.group_log_alpha`;

function tensorsOf(parameter: ParameterSpec): AddedTensor[] {
  const { name: of, role, block, shape } = parameter;
  const shared = { of, role, block, head: false, trained: true };
  // The gates' own optimizer in the published code, whose schedule never moves.
  const gate = { initializer: { constant: 5 }, optimization: { constantLearningRate: 0.1, decay: false } };
  return [
    { ...shared, name: changeOf(parameter), shape, initializer: "zeros", optimization: { decay: false } },
    { ...shared, name: gatesOf(parameter), shape, ...gate },
    { ...shared, name: groupGateOf(parameter), shape: [1], ...gate },
  ];
}

/** W + z_g·z∘w, with gates that are drawn in training. */
function withChanges(body: readonly ParameterSpec[], table: ParameterTable, { training }: Mode): ParameterTable {
  const made = new Map(table);
  const gates = (name: string) => (training ? drawnGates(table.get(name)!, name) : settledGates(table.get(name)!));
  for (const parameter of body) {
    const gated = mul(gates(gatesOf(parameter)), table.get(changeOf(parameter))!);
    made.set(parameter.name, add(table.get(parameter.name)!, mul(gates(groupGateOf(parameter)), gated)));
  }
  return made;
}

/** How many gates are open, as far as probabilities say. */
function openGates(body: readonly ParameterSpec[], table: ParameterTable): Value {
  const open = body
    .flatMap((parameter) => [gatesOf(parameter), groupGateOf(parameter)])
    .map((name) => openness(table.get(name)!));
  return open.map((x) => sum(x, axesOf(x))).reduce((a, b) => add(a, b));
}

/** The first half of the steps, then the projection, after which the gates stand as they are. */
function phases(specs: readonly ParameterSpec[], live: LiveAdapter, options: DiffPruningOptions): Dynamics {
  const lastOfFirst = (totalSteps: number) => Math.ceil(totalSteps / 2);
  const body = specs.filter(({ head }) => !head);
  const heads = specs.filter(({ head }) => head).map(({ name }) => live.parameter(name).data);
  const headsAtFirst = heads.map((data) => data.slice());
  return {
    // The gates are all there is to keep.
    state: {},
    isProvisional: (step, totalSteps) => step < lastOfFirst(totalSteps),
    afterStep(made) {
      if (made.step !== lastOfFirst(made.totalSteps)) return;
      const ofBody = body.map((parameter) => drawnChange(parameter, live, made));
      const ofHead = heads.map((data, h) => data.map((x, i) => x - headsAtFirst[h]![i]!));
      const changes = options.head_in_budget ? [...ofBody, ...ofHead] : ofBody;
      const numbers = changes.reduce((total, { length }) => total + length, 0);
      const sizes = changes.map((change) => change.map(Math.abs));
      const kept = largestOf(sizes, Math.floor(options.density * numbers));
      body.forEach((parameter, i) => fixMask(parameter, kept[i]!, live, made));
    },
  };
}

/** z_g·z∘w with the gates that the last batch drew. */
function drawnChange(parameter: ParameterSpec, live: LiveAdapter, { noise }: StepMade): Float32Array {
  const gate = (name: string) => {
    const [drawn, logAlpha] = [noise(`${UNIFORM}${name}`), live.view(name).data];
    return (i: number) => gateAt(drawn[i]!, logAlpha[i]!);
  };
  const [own, group] = [gate(gatesOf(parameter)), gate(groupGateOf(parameter))(0)];
  return live.view(changeOf(parameter)).data.map((w, i) => group * own(i) * w);
}

/** Opens the gates of the entries that are kept and shuts the others, for good, and forgets the changes that these held back. */
function fixMask(parameter: ParameterSpec, kept: Int32Array, live: LiveAdapter, { moments }: StepMade): void {
  const isKept = new Uint8Array(sizeOf(parameter.shape));
  for (const place of kept) isKept[place] = 1;
  live.view(gatesOf(parameter)).data.set(Float32Array.from(isKept, (keep) => (keep ? SATURATED : -SATURATED)));
  live.view(groupGateOf(parameter)).data.fill(SATURATED);
  for (const name of [gatesOf(parameter), groupGateOf(parameter)])
    for (const moment of Object.values(moments(name))) moment.fill(0);
  const { mean, square } = moments(changeOf(parameter));
  for (const numbers of [live.view(changeOf(parameter)).data, mean, square])
    for (let i = 0; i < numbers.length; i++) if (!isKept[i]) numbers[i] = 0;
}
