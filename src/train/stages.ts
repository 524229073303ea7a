/** The objectives of a training in turn, each compiled when its first step comes. */
import type { Program, Runtime } from "../runtime/runtime.ts";
import type { AdaptedModel } from "./adapt.ts";
import { type Noise, noiseOf } from "./noise.ts";
import type { Objective } from "./objective.ts";
import type { TrainingOptions } from "./options.ts";
import { trainingStep } from "./step.ts";

export interface Stage {
  readonly objective: Objective;
  /** A training step of that objective. */
  readonly program: Program;
  /** The random numbers that a step asks for. */
  readonly noise: Noise;
}

export interface Stages {
  /** The stage of a step, counted from 0. Steps are asked for in order. */
  at(step: number): Promise<Stage>;
  dispose(): Promise<void>;
}

export function createStages(
  adapted: AdaptedModel,
  runtime: Runtime,
  { objective, curriculum, baseDropout = false }: Pick<TrainingOptions, "objective" | "curriculum" | "baseDropout">,
): Stages {
  let current: Stage | null = null;
  const dispose = async () => {
    await current?.program.dispose();
    current = null;
  };
  return {
    async at(step) {
      const due = objectiveAt(step, objective, curriculum);
      if (current?.objective === due) return current;
      await dispose();
      const graph = trainingStep(adapted, due, { baseDropout });
      const program = await runtime.compile(graph);
      return (current = { objective: due, program, noise: noiseOf(Object.values(graph)) });
    },
    dispose,
  };
}

function objectiveAt(step: number, last: Objective, curriculum: TrainingOptions["curriculum"]): Objective {
  let end = 0;
  for (const stage of curriculum) {
    end += stage.steps;
    if (step < end) return stage.objective;
  }
  return last;
}
