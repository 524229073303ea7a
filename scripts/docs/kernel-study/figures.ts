/** The figures of the page: those drawn from the results, and kernels themselves, which only a run's folder has. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bodyKernels, kernelFile } from "../../../bench/kernel-study-results.ts";
import { folderOf, seeds, sets, type StudiedTask, tasks, trainsHead } from "../../../bench/kernel-study-runs.ts";
import { traceKernel } from "../../../src/ntk/kernel.ts";
import { heatMapsPicture } from "../../../src/ntk/pictures/heat-map.ts";
import type { Markup } from "../../../src/ntk/pictures/svg.ts";
import type { KernelStudy } from "../../../src/ntk/study.ts";
import { LAZY } from "./claims.ts";
import { type PanelChart, panelChart } from "./panels.ts";
import {
  below,
  closeness,
  commonest,
  drift,
  driftSteps,
  fineTuning,
  full,
  type Reading,
  ridge,
  slugOf,
  tasksOf,
  values,
  type View,
} from "./runs.ts";

interface Series {
  readonly name: string;
  readonly view: View;
  readonly read: Reading;
  readonly scale?: number;
}

/** SVG by the name of its file, for each setting. */
export function figures(view: View): Record<string, Markup> {
  const named = { closeness: closenessFigure(view), accuracy: accuracyFigure(view), drift: driftFigure(view) };
  return Object.fromEntries(Object.entries(named).map(([name, figure]) => [fileOf(view, name), figure]));
}

export const fileOf = (view: View, name: string): string => `kernel-study-${slugOf(view)}-${name}.svg`;

const names = sets.map(({ name }) => name);

type Rest = Omit<PanelChart, "series" | "rows" | "panels" | "line"> & {
  readonly line?: { readonly name: string; readonly of: (task: StudiedTask) => number };
};

function chart(series: readonly Series[], rows: readonly string[], { line, ...rest }: Rest): Markup {
  const panels = tasksOf(series[0]!.view).map((task) => ({
    name: task.task,
    values: rows.map((set) =>
      series.map(({ view, read, scale = 1 }) => values(view, set, read, task.task).map((value) => scale * value)),
    ),
    ...(line && { line: line.of(task) }),
  }));
  return panelChart({
    ...rest,
    rows,
    series: series.map(({ name }) => name),
    panels,
    ...(line && { line: line.name }),
  });
}

function closenessFigure(view: View): Markup {
  const [whole, bodies] = [{ view, read: closeness }, below(view)];
  return chart(
    [
      { name: bodies.length === 0 ? "kernel" : "with the head's part", ...whole },
      ...bodies.map((body) => ({ name: "below the head", view: body, read: closeness })),
    ],
    names.filter((name) => name !== full),
    {
      title: `How close kernels are to that of all parameters: ${view.setting}`,
      description: "Centred alignment with the kernel of all parameters, by task and set of parameters.",
      axis: { name: "centred alignment", log: false, shared: true, end: 1 },
    },
  );
}

function accuracyFigure(view: View): Markup {
  return chart(
    [
      { name: "kernel ridge regression", view, read: ridge, scale: 100 },
      ...below(view).map((body) => ({ name: "the same below the head", view: body, read: ridge, scale: 100 })),
      { name: "fine-tuning", view, read: fineTuning, scale: 100 },
    ],
    names,
    {
      title: `Accuracy: ${view.setting}`,
      description:
        "Accuracy on the test inputs of kernel ridge regression and of fine-tuning, by task and set of parameters.",
      line: { name: "always the commonest class", of: (task) => 100 * commonest(task) },
      axis: { name: "accuracy, %", log: false, shared: false },
    },
  );
}

function driftFigure(view: View): Markup {
  return chart(
    driftSteps(view).map((step) => ({ name: `after ${step} steps`, view, read: drift(step) })),
    names,
    {
      title: `How far kernels move in training: ${view.setting}`,
      description: "Relative change of the kernel by task and set of parameters, on a logarithmic scale.",
      line: { name: `${LAZY}, above which training is not called lazy`, of: () => LAZY },
      axis: { name: "‖Kₜ − K₀‖ / ‖K₀‖", log: true, shared: true },
    },
  );
}

/** The split of which kernels are shown. */
export const shown: StudiedTask = tasks[0]!;
export const seed: number = seeds[0]!;

/** The kernels of each setting on the first split of the first task, below the head where all sets have it. */
export function heatMaps(views: readonly View[], studies: string): Record<string, Markup> {
  const drawn = views.map((view) => {
    const folder = join(studies, folderOf(view.setting, shown.task, seed));
    const { splits, classes } = JSON.parse(readFileSync(join(folder, "study.json"), "utf8")) as KernelStudy;
    const maps = sets
      .filter(({ name }) => name !== "head" || !trainsHead(view.setting))
      .map(({ name, spec }) => ({ name, values: traceOf(folder, view.setting, spec) }));
    return [fileOf(view, "kernels"), heatMapsPicture({ maps, labels: splits[0]!.labels, classes })];
  });
  return Object.fromEntries(drawn) as Record<string, Markup>;
}

function traceOf(folder: string, setting: string, spec: string): Float64Array {
  const { train } = trainsHead(setting) ? bodyKernels(folder, { setting, seed }, spec) : kernelFile(folder, seed, spec);
  return traceKernel(train).data;
}
