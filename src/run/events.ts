/** What a run reports: the events of its training, and one before and one after. */
import type { BadRows } from "../tasks/bad-rows.ts";
import type { EndEvent, Scores, TrainingEvent } from "../train/events.ts";
import type { Protocol } from "./scoring/protocol.ts";

/** Said once, when everything is read and training is about to begin. */
export interface ReadyEvent {
  readonly type: "ready";
  readonly model: string;
  readonly method: string;
  readonly task: string;
  readonly trainExamples: number;
  readonly validationExamples: number;
  /** Examples of either that were cut to the longest sequence. */
  readonly truncated: number;
  /** Rows of the data's files that could not be read and were skipped. */
  readonly badRows: BadRows;
  /** What is known against scores of this training, items of tests in its data, and what was met while the base model was read. */
  readonly warnings: readonly string[];
  readonly trainedParameters: number;
  readonly totalParameters: number;
  /** Parameters of the head that no checkpoint gave. */
  readonly initialized: readonly string[];
  /** Tensors of the checkpoint that the model has no use for. */
  readonly unused: readonly string[];
  /** The step that a resumed run goes on from; null for one that begins. */
  readonly resumedFrom: number | null;
  readonly secondsElapsed: number;
}

/** Said last, when the run folder is complete. */
export interface SavedEvent {
  readonly type: "saved";
  readonly folder: string;
  readonly reason: EndEvent["reason"];
  readonly scores: Scores | null;
  /** How the scores came about. */
  readonly protocols: readonly Protocol[];
  readonly step: number;
  /** As of the ready event. */
  readonly badRows: BadRows;
}

export type RunEvent = ReadyEvent | TrainingEvent | SavedEvent;
