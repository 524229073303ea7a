/** Fine-tuning from configuration to run folder, and going on with a run that was interrupted. */
import { parseConfig, type RunConfig, type TrainInput } from "./config.ts";
import type { RunEvent, SavedEvent } from "./events.ts";
import { execute, type ExecuteOptions } from "./execute.ts";
import { checkOutput } from "./output.ts";
import { continueRun, readInterrupted } from "./resume.ts";
import { createRun } from "./store.ts";

/**
 * Fine-tunes a model and writes a run folder, reporting as it goes. Settings have the names of the command line's flags.
 *
 * @example
 * for await (const event of fineTune({ model: "roberta-base", task: "sst2", data: "sst2", output_dir: "runs/sst2" }))
 *   if (event.type === "step") console.log(event.step, event.loss);
 * @throws Error in one line for anything that does not fit, before any long work starts.
 */
export function fineTune(input: TrainInput, options: ExecuteOptions = {}): AsyncGenerator<RunEvent, SavedEvent> {
  return executeRun(parseConfig(input), options);
}

/** As {@link fineTune}, of a configuration that is checked already. */
export async function* executeRun(
  config: RunConfig,
  options: ExecuteOptions = {},
): AsyncGenerator<RunEvent, SavedEvent> {
  const { output_dir: output, overwrite_output_dir: overwrite } = config.settings;
  await checkOutput(output, { overwrite });
  return yield* execute(
    config,
    async ({ prepared, environment }) => ({
      writer: await createRun(prepared.config, prepared.task, environment, { overwrite }),
      from: null,
    }),
    options,
  );
}

/**
 * Goes on with a run that was interrupted, killed or ran out of disk, from its last checkpoint, or from the beginning where
 * there is none yet. On the same machine it ends as the run would have ended without the interruption, bit for bit.
 * @throws Error in one line when the folder is no run, the run is complete, or model or data have changed since.
 */
export async function* resumeRun(folder: string, options: ExecuteOptions = {}): AsyncGenerator<RunEvent, SavedEvent> {
  const interrupted = await readInterrupted(folder);
  return yield* execute(interrupted.config, (ready) => continueRun(interrupted, ready), options);
}
