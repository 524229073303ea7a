import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tinyModel, type TinyOptions } from "../../test/tiny-training.ts";
import { decodeSafetensors, encodeSafetensors } from "../formats/safetensors.ts";
import { complaint, filesUnder, temporaryFolder } from "../hub/folders.cases.ts";
import { openSafetensors } from "../hub/weights.ts";
import { random } from "../tensor/random.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import type { AdaptedModel } from "../train/adapt.ts";
import type { BestState, TrainingState } from "../train/state.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";

const rows = await tinyModel("bert-classification", { options: { rank: 2 } });

/** A state of a training of `adapted` after step 6, all of whose numbers are different. */
function stateOf({ trained }: AdaptedModel, changes: Partial<TrainingState> = {}): TrainingState {
  const { normal } = random(0, "state");
  const arrays = () => trained.map(({ view }) => Float32Array.from(view.data, normal));
  return {
    step: 6,
    evaluationDue: false,
    trained: arrays(),
    entries: {},
    optimizer: { step: 5, mean: arrays(), square: arrays() },
    dynamics: { budget: zeros("float32", [3]) },
    best: { step: 4, scores: { loss: 0.1 + 0.2, accuracy: 1 }, sinceBest: 2, trained: arrays(), entries: {} },
    clock: { secondsElapsed: 12.5, secondsExcluded: 1 / 3, examples: 96, tokens: 1234 },
    ...changes,
  };
}

const fileIn = (folder: string) => join(folder, "checkpoint.safetensors");

/** A state written and read again, with the names of the tensors in between. */
async function thereAndBack(state: TrainingState, adapted = rows) {
  const path = fileIn(await temporaryFolder());
  await writeCheckpoint(path, adapted, { state, eventsLength: 789 });
  const parts = [...decodeSafetensors(await readFile(path), path).keys()].map((name) => name.split(".")[0]!);
  return { read: await readCheckpoint(path, adapted), parts: [...new Set(parts)].toSorted() };
}

const best = stateOf(rows).best!;
const first: TrainingState = {
  ...stateOf(rows, { step: 0, best: null, clock: { secondsElapsed: 0, secondsExcluded: 0, examples: 0, tokens: 0 } }),
  optimizer: { ...stateOf(rows).optimizer, step: 0 },
};
const withScores = (scores: BestState["scores"]) => stateOf(rows, { best: { ...best, scores } });

describe("what is written is read again, bit for bit", () => {
  test.each<[string, TrainingState, string[]]>([
    ["a best of an earlier step", stateOf(rows), ["best", "dynamics", "mean", "square", "trained"]],
    ["nothing evaluated yet", first, ["dynamics", "mean", "square", "trained"]],
    [
      "an evaluation still to come",
      stateOf(rows, { evaluationDue: true }),
      ["best", "dynamics", "mean", "square", "trained"],
    ],
    [
      "scores that are no numbers",
      withScores({ loss: 2, pearson: NaN }),
      ["best", "dynamics", "mean", "square", "trained"],
    ],
  ])("%s", async (_, state, parts) => {
    const result = await thereAndBack(state);
    expect(result).toEqual({ read: { state, eventsLength: 789 }, parts });
  });

  test("a best of this very step, whose numbers are there once and come back apart", async () => {
    const state = stateOf(rows);
    const atBest = { ...state, best: { ...best, step: 6, sinceBest: 0, trained: state.trained } };
    const { read, parts } = await thereAndBack(atBest);
    expect(read.state).toEqual(atBest);
    expect(parts).toEqual(["dynamics", "mean", "square", "trained"]);
    read.state.trained[0]![0] = 77;
    expect(read.state.best!.trained[0]![0]).not.toBe(77);
  });

  test("entries that have moved, and others at the best", async () => {
    const moving = await tinyModel("bert-classification", { method: "sft" });
    const entries = (step: number) =>
      Object.fromEntries(
        moving.trained.flatMap(({ name, moving: places }) =>
          places ? [[name, places.entries.map((_, i) => step * i)] as const] : [],
        ),
      );
    expect(Object.keys(entries(1))).toHaveLength(12);
    const state = stateOf(moving);
    const moved = { ...state, entries: entries(3), best: { ...state.best!, entries: entries(5) } };
    const { read, parts } = await thereAndBack(moved, moving);
    expect(read.state).toEqual(moved);
    expect(parts).toEqual(["best", "bestEntries", "dynamics", "entries", "mean", "square", "trained"]);
  });

  test("a training of everything", async () => {
    const whole = await tinyModel("bert-classification", { method: "full" });
    const state = stateOf(whole);
    expect((await thereAndBack(state, whole)).read.state).toEqual(state);
  });
});

test("a checkpoint takes the place of the one before, and nothing else is left beside it", async () => {
  const folder = await temporaryFolder();
  for (const step of [6, 7])
    await writeCheckpoint(fileIn(folder), rows, { state: stateOf(rows, { step }), eventsLength: step });
  expect(await filesUnder(folder)).toEqual(["checkpoint.safetensors"]);
  expect((await readCheckpoint(fileIn(folder), rows)).state.step).toBe(7);
});

describe("refused in one line that names the file", () => {
  /** The complaint about a checkpoint after something was done to its file, without the path before it. */
  async function complaintAfter(damage: (path: string) => Promise<void>, adapted = rows): Promise<string> {
    const path = fileIn(await temporaryFolder());
    await writeCheckpoint(path, rows, { state: stateOf(rows), eventsLength: 1 });
    await damage(path);
    const message = await complaint(readCheckpoint(path, adapted));
    expect(message.slice(0, path.length + 2)).toBe(`${path}: `);
    return message.slice(path.length + 2);
  }

  /** Writes the file anew with its state changed. */
  const withState = (change: (state: string) => string | undefined) => async (path: string) => {
    const tensors = decodeSafetensors(await readFile(path), path);
    const { metadata, close } = await openSafetensors(path);
    await close();
    const state = change(metadata["state"]!);
    await rewrite(path, tensors, state === undefined ? {} : { state });
  };
  const rewrite = async (path: string, tensors: ReadonlyMap<string, Tensor>, metadata: Record<string, string>) =>
    writeFile(path, Buffer.concat(encodeSafetensors(tensors, metadata)));
  const edited = (pattern: string | RegExp, replacement: string) =>
    withState((state) => {
      expect(state).toMatch(pattern);
      return state.replace(pattern, replacement);
    });

  test.each<[string, (path: string) => Promise<void>, string | RegExp]>([
    ["no state", withState(() => undefined), /^not a checkpoint: .*expected object, received null/],
    ["a state that is no JSON", withState(() => "{step"), /^not a checkpoint: .*JSON/],
    ["a state without a step", edited(/"step":6,/, ""), /^not a checkpoint: step: /],
    ["a step below 0", edited('"step":6', '"step":-6'), /^not a checkpoint: step: /],
    ["a best of no step", edited('"best":{"step":4', '"best":{"step":0'), /^not a checkpoint: best\.step: /],
    ["a clock that lacks a part", edited(',"tokens":1234', ""), /^not a checkpoint: clock\.tokens: /],
    ["no length of the events", edited(/,"eventsLength":1/, ""), /^not a checkpoint: eventsLength: /],
    ["cut off", async (path) => writeFile(path, (await readFile(path)).subarray(0, -1)), /^tensor ".*" ends at byte/],
    ["empty", (path) => writeFile(path, ""), "a file of 0 bytes, a safetensors file has at least 8"],
  ])("%s", async (_, damage, message) => {
    const said = await complaintAfter(damage);
    if (typeof message === "string") expect(said).toBe(message);
    else expect(said).toMatch(message);
  });

  test.each<[string, string, TinyOptions, RegExp]>([
    ["method", "bert-classification", { method: "full" }, /^no tensor named "trained\.bert\..*" among \d+$/],
    [
      "rank",
      "bert-classification",
      { options: { rank: 3 } },
      /^tensor "trained\..*": \d+ elements, the target has \d+$/,
    ],
    [
      "selection",
      "bert-classification",
      { options: { rank: 2, select: "last" } },
      /^other parts of the weights are trained than were when the run began, on another machine\?$/,
    ],
    ["model", "roberta-classification", {}, /^no tensor named "trained\.roberta\..*" among \d+$/],
  ])("of a training with another %s", async (_, name, options, message) => {
    expect(await complaintAfter(async () => {}, await tinyModel(name, options))).toMatch(message);
  });

  test("no file", async () => {
    const path = fileIn(await temporaryFolder());
    expect(await complaint(readCheckpoint(path, rows))).toBe(`${path}: cannot be read: no such file or folder`);
  });
});
