/**
 * The losses of a pretraining, for its model card: loss.csv, means over a hundred steps and every evaluation, and loss.svg,
 * drawn from it.
 *
 *     npx tsx scripts/pretrain/loss-curve.ts --run runs/rocoft-small --output_dir models/rocoft-small
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readJsonl } from "../../src/formats/jsonl.ts";
import { writeAtomically } from "../../src/hub/files.ts";
import { svgOf } from "../chart.ts";

const { values } = parseArgs({ options: { run: { type: "string" }, output_dir: { type: "string" } } });
const { run, output_dir: output } = values;
if (run === undefined || output === undefined) throw new Error("expected --run RUN --output_dir FOLDER");

const STRETCH = 100;
const config = JSON.parse(readFileSync(join(run, "config.json"), "utf8")) as Record<string, number>;
const causalSteps = config["causal_lm_steps"]!;
const tokensPerStep = config["per_device_train_batch_size"]! * config["max_seq_length"]!;
const phaseOf = (step: number) => (step <= causalSteps ? "training, next token" : "training, masked tokens");

interface Point {
  readonly step: number;
  readonly tokens: number;
  readonly series: string;
  readonly loss: number;
}
const point = (step: number, series: string, loss: number): Point => ({
  step,
  tokens: step * tokensPerStep,
  series,
  loss: Number(loss.toFixed(4)),
});

const events = readJsonl(readFileSync(join(run, "events.jsonl"), "utf8"), "events.jsonl").rows.map(
  ({ values: event }) => event as { type: string; step: number; loss: number; scores: { loss: number } },
);
const steps = events.filter(({ type }) => type === "step");
const means = Array.from({ length: Math.floor(steps.length / STRETCH) }, (_, i) => {
  const stretch = steps.slice(i * STRETCH, (i + 1) * STRETCH);
  return point(
    stretch.at(-1)!.step,
    phaseOf(stretch[0]!.step + 1),
    stretch.reduce((sum, { loss }) => sum + loss, 0) / stretch.length,
  );
});
const heldOut = events
  .filter(({ type, step }) => type === "evaluation" && step > causalSteps)
  .map(({ step, scores }) => point(step, "held out, masked tokens", scores.loss));
const points = [...means, ...heldOut];

const lines = points.map(({ step, tokens, series, loss }) => [step, tokens, series, loss].join(","));
await writeAtomically(join(output, "loss.csv"), `${["step,tokens,series,loss", ...lines].join("\n")}\n`);
await writeAtomically(
  join(output, "loss.svg"),
  await svgOf({
    width: 560,
    height: 280,
    data: { values: points },
    mark: { type: "line", strokeWidth: 1.5 },
    encoding: {
      x: { field: "tokens", type: "quantitative", title: "tokens read", axis: { format: "~s" } },
      y: { field: "loss", type: "quantitative", title: "loss (nats a token)", scale: { zero: false } },
      color: { field: "series", type: "nominal" },
    },
  }),
);
console.log(heldOut.at(-1));
