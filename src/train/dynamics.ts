/** A method's own steps, given the live numbers of a training. */
import type { ParameterSpec } from "../nn/parameters.ts";
import type { AdamWState } from "../optim/adamw.ts";
import type { Dynamics, StepMade } from "../peft/dynamics.ts";
import type { Tensors } from "../runtime/runtime.ts";
import { type AdaptedModel, moveEntries } from "./adapt.ts";
import { batchGradient, type DrawnBatch } from "./batch-gradient.ts";
import type { Stage } from "./stages.ts";
import type { TrainingState } from "./state.ts";

/** What the method does beside the optimizer's steps; null where it does nothing. */
export function dynamicsOf(adapted: AdaptedModel): Dynamics | null {
  const byName = new Map(adapted.trained.map((tensor) => [tensor.name, tensor]));
  return (
    adapted.attachment.dynamics?.({
      view: (name) => byName.get(name)!.view,
      entries: (name) => ({
        ...byName.get(name)!.moving!,
        moveTo: (entries) => moveEntries(adapted, name, entries),
      }),
      parameter: (name) => adapted.weights[name]!,
    }) ?? null
  );
}

/** The gradients of whole parameters over the batches of a step. */
export async function wholeGradients(
  { feeds }: AdaptedModel,
  stage: Stage,
  batches: readonly DrawnBatch[],
  parameters: readonly ParameterSpec[],
): Promise<readonly Float32Array[]> {
  const program = await stage.whole(parameters);
  return (await batchGradient(program, { feeds, trained: parameters }, batches)).gradients;
}

/** A step that has been made, as a method sees it. */
export function stepMade(
  { trained }: AdaptedModel,
  made: {
    readonly step: number;
    readonly totalSteps: number;
    readonly gradients: readonly Float32Array[];
    readonly state: AdamWState;
    readonly biasCorrection: StepMade["biasCorrection"];
    readonly noise: Tensors;
  },
): StepMade {
  const at = (name: string) => trained.findIndex((tensor) => tensor.name === name);
  return {
    step: made.step,
    totalSteps: made.totalSteps,
    biasCorrection: made.biasCorrection,
    noise: (input) => made.noise[input]!.data as Float32Array,
    gradient: (name) => made.gradients[at(name)]!,
    moments: (name) => ({ mean: made.state.mean[at(name)]!, square: made.state.square[at(name)]! }),
  };
}

/** Puts back what a checkpoint kept of a method's own state. */
export function restoreDynamics(dynamics: Dynamics | null, kept: TrainingState["dynamics"]): void {
  for (const [name, { data }] of Object.entries(dynamics?.state ?? {})) {
    const from = kept[name];
    if (!from) throw new Error(`checkpoint: has no ${name}, which the method keeps`);
    data.set(from.data);
  }
}
