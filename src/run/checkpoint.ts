/**
 * The checkpoint of a run under way, in one file, so that it is either the old one or the new one: the trained numbers, AdamW's
 * two moments of each, those of the best evaluation where they are others, the places of those that move, and the rest of the
 * state as JSON in the header.
 */
import * as z from "zod";
import { encodeSafetensors } from "../formats/safetensors.ts";
import { conform, writeAtomically } from "../hub/files.ts";
import { oneLine } from "../hub/reasons.ts";
import { openSafetensors, type Weights } from "../hub/weights.ts";
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { isEntries } from "../tensor/view.ts";
import type { AdaptedModel, Trained } from "../train/adapt.ts";
import type { TrainedNumbers, TrainingState } from "../train/state.ts";

/** A training's state, and how long the record of its events was. */
export interface Checkpoint {
  readonly state: TrainingState;
  /** Bytes of events.jsonl that belong to it. */
  readonly eventsLength: number;
}

/** What stands in the header. A score that JSON has no number for stands as a word. */
const headerSchema = z.object({
  step: z.int().nonnegative(),
  evaluationDue: z.boolean(),
  optimizerStep: z.int().nonnegative(),
  best: z
    .object({
      step: z.int().positive(),
      scores: z.record(z.string(), z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])]).transform(Number)),
      sinceBest: z.int().nonnegative(),
    })
    .nullable(),
  clock: z.object({
    secondsElapsed: z.number(),
    secondsExcluded: z.number(),
    examples: z.number(),
    tokens: z.number(),
  }),
  eventsLength: z.int().nonnegative(),
  choice: z.string(),
});

const DYNAMICS = "dynamics.";
type Part = "trained" | "mean" | "square" | "best" | "entries" | "bestEntries";
const tensorName = (part: Part, name: string) => `${part}.${name}`;

/** Writes a checkpoint of the training of `adapted`, in place of the one before. */
export async function writeCheckpoint(
  path: string,
  { trained }: AdaptedModel,
  { state, eventsLength }: Checkpoint,
): Promise<void> {
  const { step, evaluationDue, optimizer, dynamics, best, clock } = state;
  const tensors = new Map<string, Tensor>();
  const add = (part: Part, arrays: readonly Float32Array[]) =>
    trained.forEach(({ name, view: { shape } }, i) =>
      tensors.set(tensorName(part, name), { dtype: "float32", shape, data: arrays[i]! }),
    );
  add("trained", state.trained);
  add("mean", optimizer.mean);
  add("square", optimizer.square);
  const addEntries = (part: Part, entries: TrainedNumbers["entries"]) => {
    for (const [name, places] of Object.entries(entries))
      tensors.set(tensorName(part, name), tensor("int32", [places.length], places));
  };
  addEntries("entries", state.entries);
  if (best && best.step !== step) {
    add("best", best.trained);
    addEntries("bestEntries", best.entries);
  }
  for (const [name, value] of Object.entries(dynamics)) tensors.set(`${DYNAMICS}${name}`, value);
  const header = {
    step,
    evaluationDue,
    optimizerStep: optimizer.step,
    best: best && { step: best.step, scores: best.scores, sinceBest: best.sinceBest },
    clock,
    eventsLength,
    choice: choiceOf(trained),
  };
  await writeAtomically(path, encodeSafetensors(tensors, { state: JSON.stringify(header, wordsForNumbers) }));
}

const wordsForNumbers = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value;

/**
 * Reads the checkpoint of a training of `adapted`.
 * @throws Error in one line when the file is damaged, or is of another training.
 */
export async function readCheckpoint(path: string, { trained }: AdaptedModel): Promise<Checkpoint> {
  const file = await openSafetensors(path);
  try {
    const { eventsLength, optimizerStep, best, choice, ...rest } = headerOf(file.metadata["state"], path);
    const read = (part: Part) =>
      inTurn(trained, async ({ name, view }) => {
        const target = new Float32Array(view.data.length);
        await file.readInto(tensorName(part, name), target);
        return target;
      });
    const readEntries = async (part: Part) => {
      const moving = trained.filter((tensor) => tensor.moving);
      const read = await inTurn(moving, async ({ name }) => [name, await file.read(tensorName(part, name))] as const);
      return Object.fromEntries(read.map(([name, { data }]) => [name, Int32Array.from(data as Int32Array)]));
    };
    const numbers = { trained: await read("trained"), entries: await readEntries("entries") };
    const optimizer = { step: optimizerStep, mean: await read("mean"), square: await read("square") };
    const bestNumbers = async () =>
      best!.step === rest.step
        ? structuredClone(numbers)
        : { trained: await read("best"), entries: await readEntries("bestEntries") };
    const dynamics = await readDynamics(file);
    if (choice !== choiceOf(trained))
      throw new Error(
        `${path}: other parts of the weights are trained than were when the run began, on another machine?`,
      );
    const atBest = best && { ...best, ...(await bestNumbers()) };
    return { state: { ...rest, ...numbers, optimizer, dynamics, best: atBest }, eventsLength };
  } finally {
    await file.close();
  }
}

/** Tells one choice of parts of the weights from another, those that move left aside: an FNV-1a hash. */
function choiceOf(trained: readonly Trained[]): string {
  let hash = 0x811c9dc5;
  for (const { selection, moving } of trained) {
    if (selection === null || moving) continue;
    const indices = isEntries(selection) ? selection.entries : [...selection.indices, ...(selection.within ?? [])];
    for (let i = 0; i < indices.length; i++) hash = Math.imul(hash ^ indices[i]!, 0x01000193);
  }
  return (hash >>> 0).toString(16);
}

/** What the method keeps beside the optimizer. */
async function readDynamics({
  tensors,
  readInto,
}: Pick<Weights, "tensors" | "readInto">): Promise<TrainingState["dynamics"]> {
  const names = [...tensors.keys()].filter((name) => name.startsWith(DYNAMICS));
  const read = await inTurn(names, async (name) => {
    const target = zeros("float32", tensors.get(name)!.shape);
    await readInto(name, target.data);
    return [name.slice(DYNAMICS.length), target] as const;
  });
  return Object.fromEntries(read);
}

function headerOf(text: string | undefined, path: string): z.infer<typeof headerSchema> {
  try {
    return conform(headerSchema, JSON.parse(text ?? "null"));
  } catch (error) {
    throw new Error(`${path}: not a checkpoint: ${oneLine(error)}`, { cause: error });
  }
}

async function inTurn<T, R>(items: readonly T[], f: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await f(item));
  return results;
}
