/** rocoft train */
import { Command } from "commander";
import { parseConfig } from "../../run/config.ts";
import type { ReadyEvent, RunEvent, SavedEvent } from "../../run/events.ts";
import type { ExecuteOptions } from "../../run/execute.ts";
import { executeRun, resumeRun } from "../../run/fine-tune.ts";
import { downloadProgress } from "../download.ts";
import { addTrainFlags, trainInput } from "../flags.ts";
import { formatScores } from "../format.ts";
import { interruptible } from "../interrupt.ts";
import { createProgress, writeLine } from "../progress.ts";

const examples = `
Examples:
  rocoft train --model roberta-base --task sst2 --data glue/sst2 --method rocoft --rank 3 --output_dir runs/sst2
  rocoft train --model ./my-bert --data reviews.csv --text_column review --label_column stars --output_dir runs/reviews
  rocoft train -c sst2.yaml --learning_rate 2e-3 --output_dir runs/sst2-fast
  rocoft train --resume runs/sst2

Interrupting once (Ctrl-C) saves what is best so far and leaves with exit code 130. Before training nothing is written.
A run that was interrupted, killed or ran out of disk is resumed with the settings it began with.`;

interface TrainFlags {
  readonly resume?: string;
  readonly json?: boolean;
  readonly logging_steps?: number;
}

export function command(): Command {
  return addTrainFlags(new Command("rocoft train"))
    .option("--resume <run>", "go on with an interrupted run; takes no other settings but logging_steps")
    .description("Fine-tune a model and write a run folder.")
    .addHelpText("after", examples)
    .action(async ({ resume, ...flags }: TrainFlags) => {
      const { name, events, loggingSteps } = resume === undefined ? await begun(flags) : resumed(resume, flags);
      const { ready, saved } = await follow(events, loggingSteps);
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(resultOf(ready, saved))}\n`
          : `${name}${saved.scores ? `  step ${saved.step}  ${formatScores(saved.scores)}` : ""}\n`,
      );
      if (saved.reason === "interrupted") process.exitCode = 130;
    });
}

type Events = (options: ExecuteOptions) => AsyncGenerator<RunEvent, SavedEvent>;
interface Training {
  /** The run folder as it was given. */
  readonly name: string;
  readonly events: Events;
  readonly loggingSteps: number;
}

async function begun(flags: TrainFlags): Promise<Training> {
  const config = parseConfig(await trainInput({ ...flags }));
  const { output_dir: name, logging_steps: loggingSteps } = config.settings;
  return { name, events: (options) => executeRun(config, options), loggingSteps };
}

function resumed(run: string, { json: _json, logging_steps: loggingSteps = 50, ...others }: TrainFlags): Training {
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new Error(`--${other}: a resumed run keeps the settings it began with, expected --resume without it`);
  return { name: run, events: (options) => resumeRun(run, options), loggingSteps };
}

/** Shows the progress of a run and lets it be interrupted. */
async function follow(events: Events, loggingSteps: number): Promise<{ ready: ReadyEvent; saved: SavedEvent }> {
  const progress = createProgress(process.stderr, loggingSteps);
  const { signal, listen, release } = interruptible(() =>
    writeLine(process.stderr, "interrupted: saving what is best so far; interrupt again to leave at once"),
  );
  let ready: ReadyEvent | undefined;
  let saved: SavedEvent | undefined;
  try {
    for await (const event of events({ signal, onDownload: downloadProgress(process.stderr) })) {
      if (event.type === "ready") {
        ready = event;
        listen();
      }
      if (event.type === "saved") saved = event;
      progress(event);
    }
  } finally {
    release();
  }
  return { ready: ready!, saved: saved! };
}

function resultOf(ready: ReadyEvent, saved: SavedEvent) {
  return {
    run: saved.folder,
    reason: saved.reason,
    step: saved.step,
    scores: saved.scores,
    protocols: saved.protocols,
    ...(ready.warnings.length > 0 && { warnings: ready.warnings }),
    trained_parameters: ready.trainedParameters,
    total_parameters: ready.totalParameters,
  };
}
