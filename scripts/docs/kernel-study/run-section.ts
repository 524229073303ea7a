/** What was run, as Markdown. */
import type { Found } from "../../../bench/kernel-study-results.ts";
import { seeds, sets, settings, tasks } from "../../../bench/kernel-study-runs.ts";
import { formatCount, formatFixed } from "../../../src/ntk/pictures/wording.ts";
import { commonest, fineTuning, full, learnt, nameOf, tasksOf, type View } from "./runs.ts";
import { table } from "./tables.ts";

/** How much of the study is in, where it ran, and how many numbers each set trains. */
export function runSection(found: readonly Found[], views: readonly View[]): string {
  const done = new Set(found.map(({ setting, task, seed }) => `${setting} ${task} ${seed}`)).size;
  const all = settings.length * tasks.length * seeds.length;
  const machines = [...new Set(found.map(({ machine }) => machine))].toSorted().join("; ");
  const rows = sets.map(({ name, spec }) => [
    name,
    `\`${spec}\``,
    ...views.map(({ lines }) => formatCount(lines.find(({ set }) => set === name)?.parameters ?? 0)),
  ]);
  const data = tasks
    .filter(({ task }) => found.some((line) => line.task === task))
    .map((task) => {
      const { trainInputs, testInputs } = found.find((line) => line.task === task.task)!;
      const cells = [task.testLabels.length, trainInputs, testInputs].map(String);
      return [task.task, ...cells, formatFixed(100 * commonest(task), 1)];
    });
  return [
    `${done} of ${all} runs are in, a run being a setting, a task and a split with all sets. ${machines}.`,
    table(["set", "as `rocoft ntk` takes it", ...views.map((view) => `numbers, ${nameOf(view)}`)], rows),
    table(["task", "classes", "training inputs", "test inputs", "of the commonest class, %"], data),
  ].join("\n\n");
}

/** Where nothing can be told about scores. */
export function limits(views: readonly View[]): string {
  const places = views.map((view) => {
    const known = learnt(view, [full, fineTuning]);
    const others = tasksOf(view).filter((task) => !known.includes(task));
    return `${others.length === 0 ? "no task" : others.map(({ task }) => task).join(", ")} in ${nameOf(view)}`;
  });
  return `Where full fine-tuning itself is at chance nothing can be told about (b) to (d): ${places.join("; ")}.`;
}
