/** A method's own steps, given the live numbers of a training. */
import type { AdamWState } from "../optim/adamw.ts";
import type { Dynamics, StepMade } from "../peft/dynamics.ts";
import type { AdaptedModel } from "./adapt.ts";
import type { TrainingState } from "./state.ts";

/** What the method does beside the optimizer's steps; null where it does nothing. */
export function dynamicsOf({ attachment, trained, weights }: AdaptedModel): Dynamics | null {
  const views = new Map(trained.map(({ name, view }) => [name, view]));
  return attachment.dynamics?.({ view: (name) => views.get(name)!, parameter: (name) => weights[name]! }) ?? null;
}

/** A step that has been made, as a method sees it. */
export function stepMade(
  { trained }: AdaptedModel,
  made: {
    readonly step: number;
    readonly totalSteps: number;
    readonly gradients: readonly Float32Array[];
    readonly state: AdamWState;
  },
): StepMade {
  const at = (name: string) => trained.findIndex((tensor) => tensor.name === name);
  return {
    step: made.step,
    totalSteps: made.totalSteps,
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
