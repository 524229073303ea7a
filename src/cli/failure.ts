/** Errors as a person reads them. */
import { CommanderError } from "commander";
import { oneLine } from "../hub/reasons.ts";
import { writeLine } from "./progress.ts";

/** A command line that asks for what there is not; the exit code is another than that of an error. */
export class Misuse extends Error {}

/** Error classes that mean a defect of the program rather than bad input; these keep their stack. */
const defects = [TypeError, ReferenceError, SyntaxError, RangeError];

/** Prints an error to standard error, in one line where it is of the user's making; gives the exit code. */
export function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const isDefect = error instanceof Error && defects.some((kind) => error instanceof kind);
  writeLine(process.stderr, `rocoft: ${isDefect ? error.stack : oneLine(error)}`);
  return error instanceof Misuse ? 2 : 1;
}

/** What commander has to say about flags, as this program says it: in one line. */
export function complain(text: string, write: (text: string) => void): void {
  write(`rocoft: ${oneLine(text.replace(/^error: /, ""))}\n`);
}

/** A reader that has seen enough (`| head`) is no error: what is left is not written. */
export function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr])
    if (stream.listenerCount("error") === 0)
      stream.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EPIPE") throw error;
      });
}
