/** From what was measured to the study that is told: each kernel described and compared, and the settings it was made under. */
import { compareKernels, describeKernel } from "../../ntk/comparison/measures.ts";
import { type EmpiricalKernel, isSymmetric } from "../../ntk/empirical-kernel.ts";
import { traceKernel } from "../../ntk/kernel.ts";
import type { KernelStudy, StudiedKernel, StudySplit } from "../../ntk/study.ts";
import type { NtkConfig } from "./config.ts";
import type { SetResult } from "./files.ts";
import type { Member } from "./member.ts";
import type { Split } from "./split.ts";

/** The name of fine-tuning among the classifiers of a study. */
export const FINE_TUNING = "fine-tuning";

/** A kernel and what was made of it. */
export interface MeasuredMember {
  readonly kernel: EmpiricalKernel;
  readonly result: SetResult;
}

/** A split as the study tells it, and what all its sets have in common. */
export interface StudiedSplit {
  readonly split: StudySplit;
  readonly member: Member;
  /** How many numbers the kernel of each set is over. */
  readonly parameters: Readonly<Record<string, number>>;
}

/** Enough digits for a picture. */
const rounded = (x: number): number => Number(x.toPrecision(4));

/** Describes the kernels of a split's sets, and compares the others with the first. */
export function describeSplit(
  { name }: Split,
  members: readonly Member[],
  measured: readonly MeasuredMember[],
): StudiedSplit {
  const [member] = members;
  const { examples, classes, ntk } = member!;
  const { labels } = examples.train;
  const reference = measured[0]!.kernel.train;
  const described = measured.map(({ kernel: { train }, result: { scores, drift } }, i): StudiedKernel => ({
    description: describeKernel(train, labels, classes, isSymmetric(ntk.kernel_formula)),
    ...(i > 0 && { comparison: compareKernels(train, reference) }),
    scores,
    ...(drift.length > 0 && { drift }),
    traceKernel: Array.from(traceKernel(train).data, rounded),
  }));
  const byName = <T>(values: readonly T[]) => Object.fromEntries(members.map((each, i) => [each.name, values[i]!]));
  return {
    split: { name, labels: [...labels], testInputs: examples.test.lengths.length, kernels: byName(described) },
    member: member!,
    parameters: byName(measured.map(({ result }) => result.parameters)),
  };
}

/** The study as it is kept and shown. */
export function assemble({ ntk, common, sets }: NtkConfig, studied: readonly StudiedSplit[]): KernelStudy {
  const { member, parameters } = studied[0]!;
  const { task, resolved } = member.prepared;
  return {
    title: `Kernels of ${resolved.id} on ${task.name}`,
    settings: {
      model: resolved.id,
      task: task.name,
      setting: common.prompt ? "prompt" : "classifier",
      ...(ntk.adapter !== null && { adapter: ntk.adapter }),
      kernel_formula: ntk.kernel_formula,
      outputs: ntk.binary_classification ? "difference of the two logits" : "one logit a class",
      max_seq_length: common.max_seq_length,
    },
    metric: member.metric,
    classes: task.labels!,
    parameterSets: sets.map(({ name }) => ({ name, parameters: parameters[name]! })),
    ...(sets.length > 1 && { reference: sets[0]!.name }),
    classifiers: [...ntk.kernel_solver, ...(ntk.fine_tune ? [FINE_TUNING] : [])],
    splits: studied.map((each) => each.split),
    notes: notesOf(ntk),
  };
}

function notesOf({ fine_tune, adjust_for_init, exclude_embeddings, exclude_head }: NtkConfig["ntk"]): string[] {
  return [
    ...(fine_tune ? ["Fine-tuning keeps the weights that score best on the validation examples of the split."] : []),
    ...(adjust_for_init ? ["Kernel classifiers add to the model's logits at initialisation."] : []),
    ...(exclude_embeddings ? ["The embeddings are left out of every kernel."] : []),
    ...(exclude_head ? ["The head is left out of every kernel."] : []),
  ];
}
