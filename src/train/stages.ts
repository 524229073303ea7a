/** The objectives of a training in turn, each compiled when its first step comes. */
import type { ParameterSpec } from "../nn/parameters.ts";
import type { Program, Runtime } from "../runtime/runtime.ts";
import type { AdaptedModel } from "./adapt.ts";
import type { ForwardMode } from "./forward.ts";
import { type Noise, noiseOf } from "./noise.ts";
import type { Objective } from "./objective.ts";
import type { TrainingOptions } from "./options.ts";
import { trainingStep, wholeInPlace } from "./step.ts";

export interface Stage {
  readonly objective: Objective;
  /** A training step of that objective. */
  readonly program: Program;
  /** The random numbers that a step asks for. */
  readonly noise: Noise;
  /** A step that gives the gradients of whole parameters instead; compiled when these are first asked for. */
  whole(parameters: readonly ParameterSpec[]): Promise<Program>;
  dispose(): Promise<void>;
}

/** Compiles a training step of an objective. */
export async function createStage(
  adapted: AdaptedModel,
  runtime: Runtime,
  objective: Objective,
  mode: Omit<ForwardMode, "training"> = {},
): Promise<Stage> {
  const graph = trainingStep(adapted, objective, mode);
  const program = await runtime.compile(graph);
  const wholes = new Map<string, Program>();
  return {
    objective,
    program,
    noise: noiseOf(Object.values(graph)),
    async whole(parameters) {
      const key = parameters.map(({ name }) => name).join();
      const known = wholes.get(key);
      if (known) return known;
      const compiled = await runtime.compile(trainingStep(wholeInPlace(adapted, parameters), objective, mode));
      wholes.set(key, compiled);
      return compiled;
    },
    async dispose() {
      for (const each of [program, ...wholes.values()]) await each.dispose();
    },
  };
}

export interface Stages {
  /** The stage of a step, counted from 0. Steps are asked for in order. */
  at(step: number): Promise<Stage>;
  dispose(): Promise<void>;
}

export function createStages(
  adapted: AdaptedModel,
  runtime: Runtime,
  {
    objective,
    curriculum,
    baseDropout = false,
    gradientCheckpointing = false,
  }: Pick<TrainingOptions, "objective" | "curriculum" | "baseDropout" | "gradientCheckpointing">,
): Stages {
  let current: Stage | null = null;
  const dispose = async () => {
    await current?.dispose();
    current = null;
  };
  return {
    async at(step) {
      const due = objectiveAt(step, objective, curriculum);
      if (current?.objective === due) return current;
      await dispose();
      return (current = await createStage(adapted, runtime, due, { baseDropout, gradientCheckpointing }));
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
