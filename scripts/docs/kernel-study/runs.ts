/** The study's results as the page looks at them: by setting, set of parameters and task. */
import type { Found } from "../../../bench/kernel-study-results.ts";
import { type StudiedTask, sets, settings, tasks, trainsHead } from "../../../bench/kernel-study-runs.ts";

export const RIDGE = "kernel-ridge-regression";
export const FINE_TUNING = "fine-tuning";
const [FULL] = sets.map(({ name }) => name);
export const full: string = FULL!;

/** The runs of one setting, and whether the head's part of the kernels is looked at. */
export interface View {
  readonly setting: string;
  readonly withHead: boolean;
  readonly lines: readonly Found[];
}

/** The settings that have results. */
export function views(found: readonly Found[]): View[] {
  return settings.flatMap(({ name: setting }) => {
    const lines = found.filter((line) => line.setting === setting);
    return lines.length === 0 ? [] : [{ setting, withHead: true, lines }];
  });
}

/** A setting whose sets all have the head, without the head's part of the kernels; nothing of another. */
export const below = (view: View): View[] => (trainsHead(view.setting) ? [{ ...view, withHead: false }] : []);

/** As tables call it. */
export const nameOf = ({ setting, withHead }: View): string => (withHead ? setting : `${setting}, below the head`);

/** As files call it. */
export const slugOf = ({ setting }: View): string => setting.toLowerCase().replaceAll(/\W+/g, "-");

/** What is read off a run; undefined where it was not measured. */
export type Reading = (line: Found, view: View) => number | null | undefined;

export const closeness: Reading = ({ comparison, withoutHead }, { withHead }) =>
  (withHead ? comparison : withoutHead)?.centeredAlignment;
export const distance: Reading = ({ comparison, withoutHead }, { withHead }) =>
  (withHead ? comparison : withoutHead)?.normalizedDistance;
export const ridge: Reading = ({ scores, withoutHead }, { withHead }) =>
  withHead ? scores[RIDGE] : withoutHead?.ridgeAccuracy;
export const fineTuning: Reading = ({ scores }) => scores[FINE_TUNING];
export const score =
  (classifier: string): Reading =>
  ({ scores }) =>
    scores[classifier];
export const drift =
  (step: number): Reading =>
  ({ drift: points }) =>
    points.find((point) => point.step === step)?.relativeDistance;

/** The steps of training at which kernels were measured again. */
export const driftSteps = ({ lines }: View): number[] =>
  [...new Set(lines.flatMap((line) => line.drift.map(({ step }) => step)))].filter(Boolean).sort((a, b) => a - b);

/** The tasks that have results. */
export const tasksOf = ({ lines }: View): StudiedTask[] =>
  tasks.filter(({ task }) => lines.some((line) => line.task === task));

const isNumber = (value: number | null | undefined): value is number => Number.isFinite(value);

/** A reading of every run of a set, of one task or all. */
export function values(view: View, set: string, read: Reading, task?: string): number[] {
  const lines = view.lines.filter((line) => line.set === set && (task === undefined || line.task === task));
  return lines.map((line) => read(line, view)).filter(isNumber);
}

/** A set, and what is read off its runs. */
export type Read = readonly [set: string, read: Reading];

/** The differences of two readings on the same splits, of some tasks or all. */
export function differences(view: View, [a, readA]: Read, [b, readB]: Read, of?: readonly StudiedTask[]): number[] {
  return view.lines.flatMap((line) => {
    if (line.set !== a || (of !== undefined && of.every(({ task }) => task !== line.task))) return [];
    const other = view.lines.find((each) => each.set === b && each.task === line.task && each.seed === line.seed);
    const [x, y] = [readA(line, view), other && readB(other, view)];
    return isNumber(x) && isNumber(y) ? [x - y] : [];
  });
}

/** The accuracy of always answering the commonest class of a task's test inputs. */
export const commonest = ({ testLabels }: StudiedTask): number => Math.max(...testLabels) / inputs(testLabels);

const inputs = (testLabels: readonly number[]) => testLabels.reduce((a, b) => a + b, 0);

/** The accuracy above which a task counts as learnt: two standard errors, of that many test inputs, above the commonest class. */
export function learntFrom(task: StudiedTask): number {
  const chance = commonest(task);
  return chance + 2 * Math.sqrt((chance * (1 - chance)) / inputs(task.testLabels));
}

/** The tasks of which the mean of a reading over the splits says that something was learnt. */
export function learnt(view: View, [set, read]: Read): StudiedTask[] {
  return tasksOf(view).filter((task) => {
    const scores = values(view, set, read, task.task);
    return scores.reduce((a, b) => a + b, 0) / scores.length > learntFrom(task);
  });
}
