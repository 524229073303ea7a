/** rocoft evaluate */
import { Command, Option } from "commander";
import type { Protocol, ProtocolledScores } from "../../run/scoring/protocol.ts";
import { scoreModel, type ScoringWay, scoringWays } from "../../run/scoring/scorer.ts";
import { downloadProgress } from "../download.ts";
import { formatCount, formatScores } from "../format.ts";
import { interruptible } from "../interrupt.ts";
import { addModelFlags, type ModelFlags, openModelOf, positiveInteger, sourceOf } from "../model.ts";
import { writeLine } from "../progress.ts";

const examples = `
Examples:
  rocoft evaluate runs/sst2 --data glue/sst2/dev.tsv
  rocoft evaluate runs/sst2 --data glue/sst2 --json
  rocoft evaluate --model merged/sst2 --task sst2 --data glue/sst2/dev.tsv --json
  rocoft evaluate --model roberta-base --task masked-language-model --data mails.txt
  rocoft evaluate --model SmolLM2-135M --task arc_easy --data arc_easy/test.jsonl --scoring likelihood
  rocoft evaluate runs/gsm8k --data gsm8k/test.jsonl --scoring generation --max_eval_samples 100 --json`;

interface EvaluateFlags extends ModelFlags {
  readonly data: string;
  readonly scoring?: readonly ScoringWay[];
  readonly max_eval_samples?: number;
}

export function command(): Command {
  return addModelFlags(new Command("rocoft evaluate"))
    .description("Print the task's scores of a run, or of a checkpoint that has a head for the task.")
    .requiredOption("--data <file>", "file with labels (tsv, csv, jsonl) or text, or a folder with a validation file")
    .addOption(
      new Option(
        "--scoring <ways...>",
        "score what the model says by itself, or what it finds likely, as the task's literature does",
      ).choices(scoringWays),
    )
    .option(
      "--max_eval_samples <number>",
      "with --scoring: at most so many examples, drawn by seed 42",
      positiveInteger,
    )
    .addHelpText("after", examples)
    .action(async (run: string | undefined, flags: EvaluateFlags) => {
      if (flags.scoring) return printScored(await scored(run, flags, flags.scoring), flags);
      if (flags.max_eval_samples !== undefined)
        throw new Error("--max_eval_samples: draws examples for --scoring, expected both");
      const classifier = await openModelOf(run, flags);
      try {
        const scores = await classifier.evaluate(flags.data);
        process.stdout.write(`${flags.json ? JSON.stringify(scores) : formatScores(scores)}\n`);
      } finally {
        await classifier.dispose();
      }
    });
}

async function scored(
  run: string | undefined,
  flags: EvaluateFlags,
  ways: readonly ScoringWay[],
): Promise<ProtocolledScores> {
  const { signal, listen, release } = interruptible(() => writeLine(process.stderr, "interrupted"));
  listen();
  try {
    return await scoreModel(sourceOf(run, flags), flags.data, {
      ways,
      items: flags.max_eval_samples,
      batchSize: flags.per_device_eval_batch_size,
      threads: flags.threads,
      onDownload: downloadProgress(process.stderr),
      onProgress: progress,
      signal,
    });
  } finally {
    release();
  }
}

/** On a terminal one line that is rewritten; elsewhere the end alone. */
function progress(way: ScoringWay, done: number, total: number): void {
  const text = `${way}: ${formatCount(done)} of ${formatCount(total)} examples`;
  if (process.stderr.isTTY && done < total) process.stderr.write(`\r\u001b[2K${text}`);
  else if (done === total) writeLine(process.stderr, text);
}

function printScored({ scores, protocols }: ProtocolledScores, { json }: EvaluateFlags): void {
  const text = json
    ? JSON.stringify({ ...scores, protocols })
    : [formatScores(scores), ...protocols.map(told)].join("\n");
  process.stdout.write(`${text}\n`);
}

/** A protocol in a line. */
function told({ scores, way, data, items, decoding, warnings = [], reference }: Protocol): string {
  const settings = Object.entries(decoding ?? {}).map(([name, value]) => `${name} ${value}`);
  return [
    `${scores.join(", ")}: ${way}`,
    `${formatCount(items)} examples of ${data}`,
    ...settings,
    `as in ${reference}`,
    ...warnings.map((warning) => `warning: ${warning}`),
  ].join("; ");
}
