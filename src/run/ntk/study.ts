/** A kernel study from configuration to report: every set of parameters on every split, each kept as soon as it is measured. */
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { DownloadProgress } from "../../hub/download.ts";
import { writeAtomically } from "../../hub/files.ts";
import { entriesName } from "../../peft/attachment.ts";
import type { Weights } from "../../nn/parameters.ts";
import type { EmpiricalKernel } from "../../ntk/empirical-kernel.ts";
import type { KernelStudy } from "../../ntk/study.ts";
import { nativeRuntime } from "../../runtime/native.ts";
import type { AdaptedModel } from "../../train/adapt.ts";
import type { ConfigInput } from "../config.ts";
import { type PreparedRun, prepareRun } from "../prepare.ts";
import { isLabelled, taskKinds } from "../task-kinds.ts";
import { assemble, describeSplit, FINE_TUNING, type MeasuredMember, type StudiedSplit } from "./assemble.ts";
import { type NtkConfig, parseNtkConfig } from "./config.ts";
import {
  json,
  readKernel,
  readResult,
  type SetResult,
  studyFiles,
  writeKernel,
  writeResult,
  writeStudy,
} from "./files.ts";
import { classify, fineTune, isInPlace, kernelsOf, takenOf, withJacobian } from "./measure.ts";
import { type Context, type Member, memberOf, onSplit } from "./member.ts";
import { checkStudyFolder } from "./output.ts";
import { type Split, splitsOf } from "./split.ts";

/** What a study reports as it goes. */
export type NtkEvent = { readonly split: string; readonly set: string } & (
  | { readonly type: "kernel"; readonly done: number; readonly total: number; readonly residentBytes: number | null }
  | { readonly type: "training"; readonly step: number; readonly totalSteps: number }
  | {
      readonly type: "measured";
      readonly scores: Readonly<Record<string, number>>;
      /** Whether an earlier run of the study had measured it. */
      readonly isKept: boolean;
    }
);

export interface NtkOptions {
  readonly onEvent?: (event: NtkEvent) => void;
  /** Aborting it ends the study; what is measured is kept, and the same study goes on from there. */
  readonly signal?: AbortSignal;
  readonly onDownload?: (progress: DownloadProgress) => void;
}

/**
 * Measures the kernels of sets of parameters and writes what is found into `output_dir`. Settings have the names of the command
 * line's flags.
 * @throws Error in one line for anything that does not fit, before any long work starts.
 */
export async function kernelStudy(input: ConfigInput, options: NtkOptions = {}): Promise<KernelStudy> {
  return runStudy(parseNtkConfig(input), options);
}

/** As {@link kernelStudy}, of a configuration that is checked already. */
export async function runStudy(config: NtkConfig, options: NtkOptions = {}): Promise<KernelStudy> {
  const { output_dir: output, overwrite_output_dir: overwrite, threads } = config.common;
  await checkStudyFolder(output, json(config.input), overwrite);
  const splits = await splitsOf(config);
  await checkSets(config, splits[0]!, options);
  const runtime = await nativeRuntime({ threads: threads ?? availableParallelism() });
  await mkdir(output, { recursive: true });
  await writeAtomically(join(output, studyFiles.config), json(config.input));
  const { onEvent: report = () => {}, ...rest } = options;
  const studied: StudiedSplit[] = [];
  for (const split of splits) studied.push(await studySplit(split, { config, runtime, report, ...rest }));
  const study = assemble(config, studied);
  await writeStudy(output, study);
  return study;
}

/** Every set is attached once, without its weights, before any work is done. */
async function checkSets({ sets, ntk }: NtkConfig, split: Split, { onDownload }: NtkOptions): Promise<void> {
  for (const { name, config } of sets) {
    if (config === null) continue;
    const prepared = await prepareRun(onSplit(config, split), onDownload).catch((error: unknown) => {
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
    });
    await prepared.folder.close();
    checkTask(prepared, ntk.binary_classification);
    if (!prepared.attachment.trained.some(takenOf(ntk)))
      throw new Error(`${name}: nothing of what it trains is left to differentiate`);
  }
}

function checkTask({ task }: PreparedRun, isBinary: boolean): void {
  if (!isLabelled(task.kind) || taskKinds[task.kind].supervision !== "classification")
    throw new Error(`task: ${task.name} teaches no classes, expected a classification`);
  const classes = task.labels!.length;
  if (isBinary && classes !== 2)
    throw new Error(`binary_classification: ${task.name} has ${classes} classes, expected 2`);
}

/** A context that is told what happens. */
interface Reporting extends Context {
  readonly report: (event: NtkEvent) => void;
}

async function studySplit(split: Split, context: Reporting): Promise<StudiedSplit> {
  const members: Member[] = [];
  try {
    for (const set of context.config.sets) members.push(await memberOf(set, split, context));
    await makeKernels(members, context);
    const measured: MeasuredMember[] = [];
    for (const member of members) measured.push(await measuredMember(member, context));
    return describeSplit(split, members, measured);
  } finally {
    for (const { prepared } of members) await prepared.folder.close();
  }
}

/** Makes the kernels that are not there yet. */
async function makeKernels(members: readonly Member[], context: Reporting): Promise<void> {
  const missing: Member[] = [];
  for (const member of members)
    if ((await readKernel(member.folder, member.keys.kernel)) === null) missing.push(member);
  if (missing.length === 0) return;
  let read: Promise<Weights> | null = null;
  const weights = () => (read ??= missing[0]!.weights());
  const attached: Attached[] = [];
  for (const member of missing) attached.push({ member, adapted: await member.attach(weights) });
  for (const group of inOnePass(attached)) await makeTogether(group, context);
}

interface Attached {
  readonly member: Member;
  readonly adapted: AdaptedModel;
}

/** Sets that train numbers of the base model in place are one group, unless two choose other entries of the same matrix. */
function inOnePass(attached: readonly Attached[]): Attached[][] {
  const groups: { readonly sets: Attached[]; readonly fed: Set<string> }[] = [];
  for (const each of attached) {
    const { trained } = each.adapted.attachment;
    const fed = trained.map(({ name }) => entriesName(name)).filter((name) => Object.hasOwn(each.adapted.feeds, name));
    const group = isInPlace(each.adapted)
      ? groups.find((known) => !fed.some((name) => known.fed.has(name)))
      : undefined;
    if (group) {
      group.sets.push(each);
      for (const name of fed) group.fed.add(name);
    } else groups.push({ sets: [each], fed: new Set(fed) });
  }
  return groups.map(({ sets }) => sets);
}

async function makeTogether(group: readonly Attached[], { report, signal }: Reporting): Promise<void> {
  const { member } = group[0]!;
  const models = group.map(({ adapted }) => adapted);
  const set = group.map(({ member: { name } }) => name).join(", ");
  const onProgress = (done: number, total: number) =>
    report({ split: member.split, set, type: "kernel", done, total, residentBytes: member.runtime.residentBytes() });
  const kernels = await withJacobian(member, models, (jacobian) => kernelsOf(member, jacobian, { signal, onProgress }));
  for (const [i, { member: each }] of group.entries()) {
    const { train, test } = each.examples;
    await writeKernel(each.folder, kernels[i]!, { train: train.labels, test: test.labels }, each.keys.kernel);
  }
}

/** What is made of a kernel, or was made before. */
async function measuredMember(member: Member, { report, signal }: Reporting): Promise<MeasuredMember> {
  const { folder, keys, split, name } = member;
  signal?.throwIfAborted();
  const kernel = (await readKernel(folder, keys.kernel))!;
  const before = await readResult(folder, keys.result);
  const result = before ?? (await makeResult(member, kernel, { report, signal }));
  if (!before) await writeResult(folder, result);
  report({ split, set: name, type: "measured", scores: result.scores, isKept: before !== null });
  return { kernel, result };
}

async function makeResult(
  member: Member,
  kernel: EmpiricalKernel,
  { report, signal }: Pick<Reporting, "report" | "signal">,
): Promise<SetResult> {
  const { split, name: set, ntk, prepared } = member;
  const scores = Object.fromEntries(ntk.kernel_solver.map((name) => [name, classify(name, kernel, member)] as const));
  const onStep = (step: number, totalSteps: number) => report({ split, set, type: "training", step, totalSteps });
  const trained = ntk.fine_tune ? await fineTune(member, kernel.train, { signal, onStep }) : null;
  const taken = prepared.attachment.trained.filter(takenOf(ntk));
  return {
    key: member.keys.result,
    parameters: taken.reduce((sum, { count }) => sum + count, 0),
    scores: { ...scores, ...(trained && { [FINE_TUNING]: trained.score }) },
    drift: trained?.drift ?? [],
  };
}
