/** Ends the output of vitest with one line, `N passed, N failed`, that a script can read. */
import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** Tests by their outcome. What breaks outside a test (a file that does not load, a hook, a lost promise) is a failure too. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** Counts the outcomes of a whole run. Skipped tests are in neither number. */
export function countTests(modules: readonly TestModule[], unhandled: readonly SerializedError[]): Counts {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const of = (state: string) => tests.filter((test) => test.result().state === state).length;
  const outside = suites.reduce((total, suite) => total + suite.errors().length, unhandled.length);
  return { passed: of("passed"), failed: of("failed") + outside };
}

export class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const { passed, failed } = countTests(modules, unhandled);
    process.stdout.write(`${passed} passed, ${failed} failed\n`);
  }
}
