/** A run that did not come to its end, taken up again. */
import { access, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { isTemporary, readJson, writeAtomically } from "../hub/files.ts";
import type { AdaptedModel } from "../train/adapt.ts";
import type { TrainingState } from "../train/state.ts";
import { readCheckpoint } from "./checkpoint.ts";
import type { RunConfig } from "./config.ts";
import type { Environment } from "./environment.ts";
import type { PreparedRun } from "./prepare.ts";
import { createRun, readConfig, runFiles, type RunWriter, writerOf } from "./store.ts";

/** What tells whether a run goes on with the model and the data it began with. */
type Inputs = Pick<Environment, "data"> & { readonly model: Pick<Environment["model"], "sha256"> };

export interface InterruptedRun {
  readonly folder: string;
  /** As it was, in the folder as it is called now. */
  readonly config: RunConfig;
  /** Null for a run that was cut off before it had written them down. */
  readonly inputs: Inputs | null;
  readonly hasCheckpoint: boolean;
}

const inputsSchema: z.ZodType<Inputs> = z.object({
  model: z.object({ sha256: z.string() }),
  data: z.record(z.string(), z.string()),
});
const metricsSchema = z.object({ reason: z.string() });

/**
 * Reads what a run needs to be resumed.
 * @throws Error in one line when the folder is no run, or the run is complete.
 */
export async function readInterrupted(folder: string): Promise<InterruptedRun> {
  const path = (name: string) => join(folder, name);
  if (!(await isThere(path(runFiles.config))))
    throw new Error(`${folder}: no run to resume, it has no ${runFiles.config}`);
  const { settings, methodOptions } = await readConfig(path(runFiles.config));
  if (await isThere(path(runFiles.metrics))) {
    const { reason } = await readJson(path(runFiles.metrics), metricsSchema);
    if (reason !== "interrupted") throw new Error(`${folder}: is complete (${reason}), nothing to resume`);
  }
  const hasInputs = await isThere(path(runFiles.environment));
  return {
    folder,
    config: { methodOptions, settings: { ...settings, output_dir: folder } },
    inputs: hasInputs ? await readJson(path(runFiles.environment), inputsSchema) : null,
    hasCheckpoint: await isThere(path(runFiles.checkpoint)),
  };
}

/**
 * Enters the folder of an interrupted run: what was written after its checkpoint goes, for it comes again.
 * @throws Error in one line when model or data are others than those it began with, before anything is changed.
 */
export async function continueRun(
  { folder, inputs, hasCheckpoint }: InterruptedRun,
  now: { readonly prepared: PreparedRun; readonly environment: Environment; readonly adapted: AdaptedModel },
): Promise<{ readonly writer: RunWriter; readonly from: TrainingState | null }> {
  const { prepared, environment, adapted } = now;
  if (inputs) refuseOthers(inputs, environment, folder);
  await removeTemporary(folder);
  if (!hasCheckpoint)
    return { writer: await createRun(prepared.config, prepared.task, environment, { overwrite: true }), from: null };
  const { state, eventsLength } = await readCheckpoint(join(folder, runFiles.checkpoint), adapted);
  await cutEvents(join(folder, runFiles.events), eventsLength);
  await rm(join(folder, runFiles.metrics), { force: true });
  return { writer: writerOf(folder), from: state };
}

function refuseOthers(before: Inputs, now: Environment, folder: string): void {
  const changed = Object.keys(before.data).find((file) => before.data[file] !== now.data[file]);
  if (changed !== undefined)
    throw new Error(`${changed}: has changed since the run ${folder} began (it has another SHA-256)`);
  if (before.model.sha256 !== now.model.sha256)
    throw new Error(`${now.model.name}: has changed since the run ${folder} began (it has another SHA-256)`);
}

/** Keeps the whole lines within the first `length` bytes: after a loss of power the file may hold fewer. */
async function cutEvents(path: string, length: number): Promise<void> {
  const events = (await isThere(path)) ? await readFile(path) : Buffer.alloc(0);
  const kept = events.subarray(0, length);
  await writeAtomically(path, [kept.subarray(0, kept.lastIndexOf("\n") + 1)]);
}

/** A process that is killed while it writes a file leaves it under its temporary name. */
async function removeTemporary(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true }))
    if (isTemporary(name)) await rm(join(folder, name), { force: true });
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
