/** rocoft evaluate */
import { Command, Option } from "commander";
import type { OnBadRow } from "../../formats/rows.ts";
import type { Protocol, ProtocolledScores } from "../../run/scoring/protocol.ts";
import { scoreModel, type ScoringWay, scoringWays } from "../../run/scoring/scorer.ts";
import { downloadProgress } from "../download.ts";
import { formatCount, formatScores } from "../format.ts";
import { untilInterrupted } from "../interrupt.ts";
import { addModelFlags, type ModelFlags, positiveInteger, sourceOf, warn, withBadRows, withModelOf } from "../model.ts";
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
      const { scoring } = flags;
      if (scoring) {
        const found = await withBadRows(flags, (onBadRow) => scored(run, flags, scoring, onBadRow));
        if (found) printScored(found, flags);
        return;
      }
      if (flags.max_eval_samples !== undefined)
        throw new Error("--max_eval_samples: draws examples for --scoring, expected both");
      printScored(await withModelOf(run, flags, (model) => model.evaluate(flags.data)), flags);
    });
}

/** Null when it was interrupted. */
function scored(
  run: string | undefined,
  flags: EvaluateFlags,
  ways: readonly ScoringWay[],
  onBadRow: OnBadRow,
): Promise<ProtocolledScores | null> {
  return untilInterrupted(
    () => writeLine(process.stderr, "interrupted"),
    (signal) =>
      scoreModel(sourceOf(run, flags), flags.data, {
        ways,
        items: flags.max_eval_samples,
        batchSize: flags.per_device_eval_batch_size,
        threads: flags.threads,
        device: flags.device,
        onBadRow,
        onDownload: downloadProgress(process.stderr),
        onWarnings: warn,
        onProgress: progress,
        signal,
      }),
  );
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
function told(protocol: Protocol): string {
  const { scores, way, data, items, sample, quantization, tokens, max_seq_length, truncated = 0, reference } = protocol;
  const { decoding = {}, warnings = [] } = protocol;
  const settings = Object.entries({ ...(max_seq_length !== undefined && { max_seq_length }), ...decoding }).map(
    ([name, value]) => `${name} ${value}`,
  );
  const counts = [
    ...(quantization === undefined ? [] : [`base model in ${quantization}`]),
    ...(tokens === undefined ? [] : [`${formatCount(tokens)} tokens`]),
    ...(truncated > 0 ? [`${formatCount(truncated)} examples cut`] : []),
  ];
  return [
    `${scores.join(", ")}: ${way}`,
    `${formatCount(items)} examples of ${data}${sample === undefined ? "" : ` (${sample})`}`,
    ...counts,
    ...settings,
    `as in ${reference}`,
    ...warnings.map((warning) => `warning: ${warning}`),
  ].join("; ");
}
