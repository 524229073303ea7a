/** Errors as a person reads them. */
import { CommanderError } from "commander";

/** Error classes that mean a defect of the program rather than bad input; these keep their stack. */
const defects = [TypeError, ReferenceError, SyntaxError];

/** Prints an error to standard error, in one line where it is of the user's making; gives the exit code. */
export function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const isDefect = !(error instanceof Error) || defects.some((kind) => error instanceof kind);
  process.stderr.write(
    `rocoft: ${isDefect && error instanceof Error ? error.stack : error instanceof Error ? error.message : String(error)}\n`,
  );
  return 1;
}
