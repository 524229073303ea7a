/** What a training reports: data, for a terminal, a file or a program to render. */
import type { TrainingState } from "./state.ts";

/** After an optimizer step. */
export interface StepEvent {
  readonly type: "step";
  /** Optimizer steps done, from 1. */
  readonly step: number;
  readonly totalSteps: number;
  /** Passes over the data done, with fractions. */
  readonly epoch: number;
  /** Mean loss of the step's examples. */
  readonly loss: number;
  readonly learningRate: number;
  /** Global norm of the gradient, before clipping. */
  readonly gradientNorm: number;
  /** Of training so far, evaluations left out. */
  readonly examplesPerSecond: number;
  /** Tokens without padding. */
  readonly tokensPerSecond: number;
  readonly secondsElapsed: number;
  /** At the rate so far. */
  readonly secondsLeft: number;
  /** Resident memory of the process; null where it is not known. */
  readonly residentBytes: number | null;
}

/** Metrics by name, `loss` among them. */
export type Scores = Readonly<Record<string, number>>;

/** After an evaluation. */
export interface EvaluationEvent {
  readonly type: "evaluation";
  readonly step: number;
  readonly epoch: number;
  readonly scores: Scores;
  /** Whether it is the best so far. */
  readonly best: boolean;
  readonly seconds: number;
}

/**
 * Where the training stands, to be kept: after evaluations, every so many steps, and before an interruption ends it. The arrays
 * of `state` are live: what is kept of them is copied before the next event is asked for.
 */
export interface CheckpointEvent {
  readonly type: "checkpoint";
  readonly step: number;
  readonly state: TrainingState;
}

/** At the end, whatever ended it. */
export interface EndEvent {
  readonly type: "end";
  readonly reason: "finished" | "early stopping" | "interrupted";
  readonly step: number;
  /** The step whose weights are kept, and its scores; null without an evaluation. */
  readonly bestStep: number | null;
  readonly bestScores: Scores | null;
  readonly secondsElapsed: number;
}

export type TrainingEvent = StepEvent | EvaluationEvent | CheckpointEvent | EndEvent;
