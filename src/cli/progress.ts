/** Training events as progress: one line that is rewritten on a terminal, plain lines elsewhere. */
import type { RunEvent } from "../run/events.ts";
import type { StepEvent } from "../train/events.ts";
import { badRowLines, formatBytes, formatCount, formatDuration, formatScores, formatShare } from "./format.ts";

/** Where progress is written; a terminal has columns. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Writes a line of its own, where a terminal shows a rewritten line in that line's place. */
export function writeLine(stream: ProgressStream, text: string): void {
  stream.write(`${stream.isTTY ? "\r\u001b[2K" : ""}${text}\n`);
}

/** Renders events as they come. `loggingSteps` is the distance of plain lines. */
export function createProgress(stream: ProgressStream, loggingSteps: number): (event: RunEvent) => void {
  const status = (parts: readonly string[]) => {
    const room = (stream.columns || 80) - 1;
    const wide = parts.join("  ");
    stream.write(`\r\u001b[2K${(wide.length > room ? parts.join(" ") : wide).slice(0, room)}`);
  };
  const line = (text: string) => writeLine(stream, text);
  const handlers: { readonly [T in RunEvent["type"]]: (event: Extract<RunEvent, { type: T }>) => void } = {
    ready: (event) => {
      line(
        `${event.method} on ${event.model}, ${event.task}: ${formatCount(event.trainExamples)} training and ${formatCount(event.validationExamples)} validation examples`,
      );
      line(
        `training ${formatCount(event.trainedParameters)} of ${formatCount(event.totalParameters)} parameters (${formatShare(event.trainedParameters / event.totalParameters)})`,
      );
      if (event.initialized.length > 0) line(`new, drawn from the seed: ${shortened(event.initialized)}`);
      if (event.unused.length > 0) line(`in the checkpoint, not used: ${shortened(event.unused)}`);
      if (event.resumedFrom !== null) line(`resumed after step ${event.resumedFrom}`);
      for (const warning of event.warnings) line(`warning: ${warning}`);
      if (event.truncated > 0)
        line(`${formatCount(event.truncated)} examples are longer than max_seq_length and were cut`);
      for (const skipped of badRowLines(event.badRows)) line(skipped);
    },
    step: (event) => {
      if (stream.isTTY) status(stepParts(event));
      else if (event.step % loggingSteps === 0 || event.step === 1 || event.step === event.totalSteps)
        line(stepParts(event).join("  "));
    },
    evaluation: (event) =>
      line(
        `step ${event.step}  epoch ${event.epoch.toFixed(2)}  ${formatScores(event.scores)}${event.best ? "  best" : ""}`,
      ),
    checkpoint: () => {},
    end: (event) => line(`${event.reason} after ${event.step} steps, ${formatDuration(event.secondsElapsed)}`),
    saved: () => {},
  };
  return <T extends RunEvent["type"]>(event: Extract<RunEvent, { type: T }>) => handlers[event.type as T](event);
}

/** A handful of names whole, of many the first few and their number. */
function shortened(names: readonly string[]): string {
  return names.length <= SHOWN ? names.join(", ") : `${names.slice(0, 3).join(", ")}, … (${names.length} in all)`;
}
const SHOWN = 8;

function stepParts(event: StepEvent): string[] {
  const parts = [
    `step ${event.step}/${event.totalSteps}`,
    `loss ${event.loss.toFixed(4)}`,
    `lr ${event.learningRate.toExponential(2)}`,
    `${event.examplesPerSecond.toFixed(0)} ex/s`,
    `${event.tokensPerSecond.toFixed(0)} tok/s`,
    `${formatDuration(event.secondsLeft)} left`,
  ];
  if (event.residentBytes !== null) parts.push(formatBytes(event.residentBytes));
  return parts;
}
