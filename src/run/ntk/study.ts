/** A kernel study from configuration to report: every set of parameters on every split, each kept as soon as it is measured. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { DownloadProgress } from "../../hub/download.ts";
import { writeAtomically } from "../../hub/files.ts";
import { entriesName } from "../../peft/attachment.ts";
import type { Weights } from "../../nn/parameters.ts";
import type { EmpiricalKernel } from "../../ntk/empirical-kernel.ts";
import type { KernelStudy } from "../../ntk/study.ts";
import { nativeRuntime } from "../../runtime/native.ts";
import { baseHash } from "../base.ts";
import { assemble, describeSplit, FINE_TUNING, type MeasuredMember, type StudiedSplit } from "./assemble.ts";
import { type NtkConfig, type NtkInput, parseNtkConfig } from "./config.ts";
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
import { classify, fineTune, isInPlace, kernelsOf, withJacobian } from "./measure.ts";
import { type AttachedSet, type Context, type Member, memberOf } from "./member.ts";
import { openSplit, type OpenSplit } from "./open-split.ts";
import { checkStudyFolder } from "./output.ts";
import { type Split, splitsOf } from "./split.ts";
import { trainedPoint } from "./trained-point.ts";

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
export async function kernelStudy(input: NtkInput, options: NtkOptions = {}): Promise<KernelStudy> {
  return runStudy(parseNtkConfig({ ...input }), options);
}

/** As {@link kernelStudy}, of a configuration that is checked already. */
export async function runStudy(config: NtkConfig, options: NtkOptions = {}): Promise<KernelStudy> {
  const { onEvent: report = () => {}, signal, onDownload } = options;
  const { output_dir: output, threads, device } = config.common;
  await checkStudyFolder(config);
  const opened: OpenSplit[] = [];
  try {
    for (const split of await splitsOf(config)) opened.push(await openSplit(split, config, onDownload));
    const [{ prepared }] = opened as [OpenSplit];
    const runtime = await nativeRuntime({ threads, device });
    const modelHash = await baseHash(prepared, config.common.init);
    const point = await trainedPoint(config, prepared, runtime, onDownload);
    const context = { config, runtime, modelHash, point, report, signal };
    const splits = opened.map((open) => config.sets.map((set) => memberOf(set, open, context)));
    for (const member of splits.flat()) await refuseDamaged(member);
    await mkdir(output, { recursive: true });
    await writeAtomically(join(output, studyFiles.config), json(config.input));
    const studied: StudiedSplit[] = [];
    for (const [i, members] of splits.entries()) studied.push(await studySplit(opened[i]!.split, members, context));
    const study = assemble(config, studied);
    await writeStudy(output, study);
    return study;
  } finally {
    for (const { prepared } of opened) await prepared.folder.close();
  }
}

/** What an earlier run has left is read before there is more. */
async function refuseDamaged({ folder, keys }: Member): Promise<void> {
  await readKernel(folder, keys.kernel);
  await readResult(folder, keys.result);
}

/** A context that is told what happens. */
interface Reporting extends Context {
  readonly report: (event: NtkEvent) => void;
}

async function studySplit(split: Split, members: readonly Member[], context: Reporting): Promise<StudiedSplit> {
  await makeKernels(members, context);
  const measured: MeasuredMember[] = [];
  for (const member of members) measured.push(await measuredMember(member, context));
  return describeSplit(split, members, measured);
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
  for (const member of missing) attached.push({ member, ...(await member.attach(weights)) });
  for (const group of inOnePass(attached)) await makeTogether(group, context);
}

interface Attached extends AttachedSet {
  readonly member: Member;
}

/** Sets that train numbers of the base model in place are one group, unless two choose other entries of the same matrix. */
function inOnePass(attached: readonly Attached[]): Attached[][] {
  const others = attached.filter(({ adapted }) => !isInPlace(adapted));
  const groups: { readonly sets: Attached[]; readonly fed: Set<string> }[] = [];
  for (const each of attached.filter(({ adapted }) => isInPlace(adapted))) {
    const { attachment, feeds } = each.adapted;
    const fed = attachment.trained.map(({ name }) => entriesName(name)).filter((name) => Object.hasOwn(feeds, name));
    let group = groups.find((known) => !fed.some((name) => known.fed.has(name)));
    if (!group) groups.push((group = { sets: [], fed: new Set() }));
    group.sets.push(each);
    for (const name of fed) group.fed.add(name);
  }
  return [...groups.map(({ sets }) => sets), ...others.map((each) => [each])];
}

async function makeTogether(group: readonly Attached[], { report, signal }: Reporting): Promise<void> {
  const { member } = group[0]!;
  const set = group.map(({ member: { name } }) => name).join(", ");
  const onProgress = (done: number, total: number) =>
    report({ split: member.split, set, type: "kernel", done, total, residentBytes: member.runtime.residentBytes() });
  const kernels = await withJacobian(member, group, (jacobian) => kernelsOf(member, jacobian, { signal, onProgress }));
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
  const { split, name: set, ntk, parameters } = member;
  const scores = Object.fromEntries(ntk.kernel_solver.map((name) => [name, classify(name, kernel, member)] as const));
  const onStep = (step: number, totalSteps: number) => report({ split, set, type: "training", step, totalSteps });
  const trained = ntk.fine_tune ? await fineTune(member, kernel.train, { signal, onStep }) : null;
  return {
    key: member.keys.result,
    parameters,
    scores: { ...scores, ...(trained && { [FINE_TUNING]: trained.score }) },
    drift: trained?.drift ?? [],
  };
}
