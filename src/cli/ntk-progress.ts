/** The events of a kernel study as progress: one line that is rewritten on a terminal, plain lines elsewhere. */
import type { NtkEvent } from "../run/ntk/study.ts";
import { formatBytes, formatDuration } from "./format.ts";
import { type ProgressStream, writeLine } from "./progress.ts";

/** Renders events as they come. */
export function createNtkProgress(stream: ProgressStream): (event: NtkEvent) => void {
  let began = performance.now();
  /** A line that stays, and the time that it took. */
  const line = (write: (duration: string) => string) => {
    writeLine(stream, write(formatDuration((performance.now() - began) / 1000)));
    began = performance.now();
  };
  const status = (text: string) => {
    if (stream.isTTY) stream.write(`\r\u001b[2K${text.slice(0, (stream.columns || 80) - 1)}`);
  };
  const handlers: { readonly [T in NtkEvent["type"]]: (event: Extract<NtkEvent, { type: T }>, name: string) => void } =
    {
      kernel({ done, total, residentBytes }, name) {
        const memory = residentBytes === null ? "" : `  ${formatBytes(residentBytes)}`;
        if (done === total) return line((duration) => `${name}  kernel  ${duration}${memory}`);
        const left = formatDuration(((performance.now() - began) / 1000 / done) * (total - done));
        status(`${name}  kernel ${((100 * done) / total).toFixed(0)} %  ${left} left${memory}`);
      },
      training({ step, totalSteps }, name) {
        status(`${name}  training, step ${step}/${totalSteps}`);
      },
      measured({ scores, isKept }, name) {
        const shown = Object.entries(scores).map(([classifier, score]) => `${classifier} ${score.toFixed(4)}`);
        line((duration) => [name, ...shown, isKept ? "measured before" : duration].join("  "));
      },
    };
  return <T extends NtkEvent["type"]>(event: Extract<NtkEvent, { type: T }>) => {
    handlers[event.type as T](event, `${event.split}, ${event.set}`);
  };
}
