/** The events of a kernel study as progress: one line that is rewritten on a terminal, plain lines elsewhere. */
import type { NtkEvent } from "../run/ntk/study.ts";
import { formatBytes, formatDuration } from "./format.ts";
import { type ProgressStream, writeLine } from "./progress.ts";

/** Renders events as they come. */
export function createNtkProgress(stream: ProgressStream): (event: NtkEvent) => void {
  let current = "";
  let began = performance.now();
  const status = (text: string) => {
    if (stream.isTTY) stream.write(`\r\u001b[2K${text.slice(0, (stream.columns || 80) - 1)}`);
  };
  const handlers: { readonly [T in NtkEvent["type"]]: (event: Extract<NtkEvent, { type: T }>, name: string) => void } =
    {
      kernel({ done, total, residentBytes }, name) {
        const seconds = (performance.now() - began) / 1000;
        const left = formatDuration((seconds / done) * (total - done));
        const memory = residentBytes === null ? "" : `  ${formatBytes(residentBytes)}`;
        status(`${name}  kernel ${((100 * done) / total).toFixed(0)} %  ${left} left${memory}`);
      },
      training({ step, totalSteps }, name) {
        status(`${name}  training, step ${step}/${totalSteps}`);
      },
      measured({ scores, isKept }, name) {
        const shown = Object.entries(scores).map(([classifier, score]) => `${classifier} ${score.toFixed(4)}`);
        const seconds = (performance.now() - began) / 1000;
        writeLine(stream, `${name}  ${[...shown, isKept ? "measured before" : formatDuration(seconds)].join("  ")}`);
        current = "";
      },
    };
  return <T extends NtkEvent["type"]>(event: Extract<NtkEvent, { type: T }>) => {
    const name = `${event.split}, ${event.set}`;
    if (name !== current) [current, began] = [name, performance.now()];
    handlers[event.type as T](event, name);
  };
}
