/** What was found in each setting, as Markdown: tables and the figures beside them. */
import { sets, trainsHead } from "../../../bench/kernel-study-runs.ts";
import { formatFixed } from "../../../src/ntk/pictures/wording.ts";
import { meanAndDeviation } from "../../../src/ntk/statistics.ts";
import { fileOf, seed, shown } from "./figures.ts";
import {
  below,
  closeness,
  commonest,
  distance,
  drift,
  driftSteps,
  fineTuning,
  full,
  learntFrom,
  nameOf,
  type Reading,
  ridge,
  score,
  tasksOf,
  values,
  type View,
} from "./runs.ts";
import { decimals, type Format, geometric, percent, table } from "./tables.ts";

const names = sets.map(({ name }) => name);
const others = names.filter((name) => name !== full);

/** Of the kernel classifiers and fine-tuning, in the order of their columns. */
const classifiers: Readonly<Record<string, string>> = {
  "kernel-ridge-regression": "kernel ridge regression",
  "kernel-logistic-regression": "kernel logistic regression",
  svm: "SVM",
  "logistic-regression-on-kernel-rows": "published recipe",
  "fine-tuning": "fine-tuning",
};

/** A section for each setting, its parts below it. */
export function settingSections(views: readonly View[]): string {
  return views
    .map((view) =>
      [
        `## ${nameOf(view)}`,
        ...closenessPart(view),
        ...accuracyPart(view),
        ...spectraPart(view),
        ...driftPart(view),
      ].join("\n\n"),
    )
    .join("\n\n");
}

function closenessPart(view: View): string[] {
  return [
    "### How close the kernels are",
    figure(view, "closeness", "Centred alignment by task and set"),
    ...[view, ...below(view)].flatMap((seen) => [
      `Centred alignment with the full kernel, and over all runs the distance after normalisation${seen.withHead ? "" : ", both below the head"}:`,
      table(
        ["", ...taskNames(view), "all", "distance, all"],
        rowsOf(seen, others, (set) => [
          ...byTask(seen, set, closeness, decimals(3)),
          decimals(3)(values(seen, set, closeness)),
          decimals(3)(values(seen, set, distance)),
        ]),
      ),
    ]),
    `The kernels between the training inputs of ${shown.task}, seed ${seed}, class by class${trainsHead(view.setting) ? ", below the head" : ""}:`,
    figure(view, "kernels", "Heat maps of the kernels"),
  ];
}

function accuracyPart(view: View): string[] {
  const references = [
    ["always the commonest class", ...tasksOf(view).map((task) => formatFixed(100 * commonest(task), 1))],
    ["learnt from", ...tasksOf(view).map((task) => formatFixed(100 * learntFrom(task), 1))],
  ];
  const perTask = (seen: View, read: Reading) =>
    table(["", ...taskNames(view)], [...rowsOf(seen, names, (set) => byTask(seen, set, read, percent)), ...references]);
  const bodies = below(view);
  return [
    "### Accuracy",
    figure(view, "accuracy", "Accuracy of kernel ridge regression and fine-tuning by task and set"),
    "The mean over the tasks, of each the mean over its splits:",
    table(
      ["", ...Object.values(classifiers), ...bodies.map(() => "kernel ridge regression below the head")],
      rowsOf(view, names, (set) => [
        ...Object.keys(classifiers).map((name) => meanOverTasks(view, set, score(name))),
        ...bodies.map((body) => meanOverTasks(body, set, ridge)),
      ]),
    ),
    "Kernel ridge regression:",
    perTask(view, ridge),
    ...bodies.flatMap((body) => ["Kernel ridge regression below the head:", perTask(body, ridge)]),
    "Fine-tuning:",
    perTask(view, fineTuning),
  ];
}

/** Tasks differ, so each counts once. */
function meanOverTasks(view: View, set: string, read: Reading): string {
  const means = tasksOf(view)
    .map(({ task }) => values(view, set, read, task))
    .filter(({ length }) => length > 0)
    .map((runs) => meanAndDeviation(runs).mean);
  return percent(means).split(" ± ")[0]!;
}

function spectraPart(view: View): string[] {
  const part = (read: Reading, format: Format) =>
    table(
      ["", ...taskNames(view)],
      rowsOf(view, names, (set) => byTask(view, set, read, format)),
    );
  return [
    "### Spectra",
    "Effective rank, how many directions the kernel has:",
    part(({ effectiveRank }) => effectiveRank, decimals(2)),
    "Label alignment, how well it fits what is to be learnt:",
    part(({ labelAlignment }) => labelAlignment, decimals(3)),
  ];
}

function driftPart(view: View): string[] {
  const steps = driftSteps(view);
  return [
    "### How far the kernels move",
    figure(view, "drift", "Relative change of the kernels in training by task and set"),
    "‖Kₜ − K₀‖ / ‖K₀‖, the geometric mean over all runs, and the least and the greatest of them:",
    table(
      ["", ...steps.map((step) => `after ${step} steps`)],
      rowsOf(view, names, (set) => steps.map((step) => geometric(values(view, set, drift(step))))),
    ),
  ];
}

const figure = (view: View, name: string, text: string) => `![${text}](figures/${fileOf(view, name)})`;
const taskNames = (view: View) => tasksOf(view).map(({ task }) => task);

/** A row for each set that was measured. */
function rowsOf(view: View, of: readonly string[], cells: (set: string) => readonly string[]): string[][] {
  const measured = of.filter((set) => view.lines.some((line) => line.set === set));
  return measured.map((set) => [set, ...cells(set)]);
}

const byTask = (view: View, set: string, read: Reading, format: Format) =>
  taskNames(view).map((task) => format(values(view, set, read, task)));
