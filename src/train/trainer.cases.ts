/** A training of a tiny model on data in memory, to be looked at from all sides. */
import { type TinyOptions, tinyData, tinyModel, tinyTraining } from "../../test/tiny-training.ts";
import type { EncodedDataset } from "../data/encode.ts";
import { nativeRuntime } from "../runtime/native.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { AdaptedModel } from "./adapt.ts";
import type { EndEvent, EvaluationEvent, StepEvent, TrainingEvent } from "./events.ts";
import type { TrainingOptions } from "./options.ts";
import { train } from "./trainer.ts";

export const runtime: Runtime = await nativeRuntime({ threads: 1 });
export const data: EncodedDataset = tinyData(20);
export const validation: EncodedDataset = tinyData(12, { seed: 1 });

export interface Settings {
  readonly model?: TinyOptions;
  readonly options?: Partial<TrainingOptions>;
  readonly train?: EncodedDataset;
  readonly validation?: EncodedDataset | null;
  readonly signal?: AbortSignal;
  readonly runtime?: Runtime;
  /** Called with each event, while the weights are as it left them. */
  readonly on?: (event: TrainingEvent, adapted: AdaptedModel) => void;
}

/** All weights as text, to be compared as a whole. */
export const copyOf = ({ weights }: AdaptedModel): string =>
  JSON.stringify(Object.values(weights).map(({ data }) => [...data]));

export interface Trained {
  readonly adapted: AdaptedModel;
  readonly weights: string;
  readonly events: readonly TrainingEvent[];
  readonly steps: readonly StepEvent[];
  readonly evaluations: readonly EvaluationEvent[];
  readonly end: readonly EndEvent[];
}

/** Trains a tiny BERT to the end. */
export async function trained({ model, options, on, ...job }: Settings = {}): Promise<Trained> {
  const adapted = await tinyModel("bert-classification", model);
  const events: TrainingEvent[] = [];
  const settings = { ...tinyTraining, ...options };
  for await (const event of train({ adapted, runtime, train: data, validation, ...job, options: settings })) {
    events.push(event);
    on?.(event, adapted);
  }
  const of = <T extends TrainingEvent["type"]>(type: T) =>
    events.filter((event): event is Extract<TrainingEvent, { type: T }> => event.type === type);
  return {
    adapted,
    weights: copyOf(adapted),
    steps: of("step"),
    evaluations: of("evaluation"),
    end: of("end"),
    events,
  };
}
