/**
 * The folder of a kernel study:
 *
 *     config.json                     every setting
 *     study.json                      what was found
 *     report.html, *.svg              the same for people
 *     SPLIT/SET/kernel.safetensors    train [n, C, n, C], test [m, C, n, C] in float64, logits and labels of both
 *     SPLIT/SET/result.json           what was made of that kernel
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { encodeSafetensors } from "../../formats/safetensors.ts";
import { readJson, writeAtomically } from "../../hub/files.ts";
import { openSafetensors } from "../../hub/weights.ts";
import type { EmpiricalKernel } from "../../ntk/empirical-kernel.ts";
import { type Kernel, kernelOfTensor } from "../../ntk/kernel.ts";
import { studyReport } from "../../ntk/report.ts";
import type { DriftPoint, KernelStudy } from "../../ntk/study.ts";
import { pictureNames, studyPictures } from "../../ntk/study-pictures.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { isThere } from "../adapter-files.ts";

export const studyFiles = { config: "config.json", study: "study.json", report: "report.html" } as const;
const setFiles = { kernel: "kernel.safetensors", result: "result.json" } as const;

export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** What is kept of one set of parameters on one split beside its kernel. */
export interface SetResult {
  /** What it was made from: settings, model and data. */
  readonly key: string;
  /** How many numbers the kernel is over. */
  readonly parameters: number;
  /** By kernel classifier, fine-tuning among them. */
  readonly scores: Readonly<Record<string, number>>;
  readonly drift: readonly DriftPoint[];
}
const resultSchema: z.ZodType<SetResult> = z.object({
  key: z.string(),
  parameters: z.int().nonnegative(),
  scores: z.record(z.string(), z.number()),
  drift: z.array(z.object({ step: z.int(), relativeDistance: z.number() })),
});

/** @param key what the kernel was made from */
export async function writeKernel(
  folder: string,
  kernel: EmpiricalKernel,
  labels: { readonly train: ArrayLike<number>; readonly test: ArrayLike<number> },
  key: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const tensors = new Map<string, Tensor>([
    ["train", kernelTensor(kernel.train)],
    ["test", kernelTensor(kernel.test)],
    ["train_logits", logitsTensor(kernel.trainLogits, kernel.train)],
    ["test_logits", logitsTensor(kernel.testLogits, kernel.test)],
    ["train_labels", labelTensor(labels.train)],
    ["test_labels", labelTensor(labels.test)],
  ]);
  await writeAtomically(join(folder, setFiles.kernel), encodeSafetensors(tensors, { settings: key }));
}

const kernelTensor = ({ shape, data }: Kernel): Tensor => tensor("float64", shape, data);
const logitsTensor = (data: Float64Array, { shape: [inputs, outputs] }: Kernel): Tensor =>
  tensor("float64", [inputs, outputs], data);
const labelTensor = (labels: ArrayLike<number>): Tensor =>
  tensor("int64", [labels.length], BigInt64Array.from(Array.from(labels), BigInt));

/** The kernel that was made from the same; null where there is none. @throws Error in one line for a damaged file. */
export async function readKernel(folder: string, key: string): Promise<EmpiricalKernel | null> {
  const path = join(folder, setFiles.kernel);
  if (!(await isThere(path))) return null;
  const file = await openSafetensors(path);
  try {
    if (file.metadata["settings"] !== key) return null;
    const kernelNamed = async (name: string) => kernelOfTensor(await file.read(name), `${path}: ${name}`);
    const numbersNamed = async (name: string) => (await file.read(name)).data as Float64Array;
    return {
      train: await kernelNamed("train"),
      test: await kernelNamed("test"),
      trainLogits: await numbersNamed("train_logits"),
      testLogits: await numbersNamed("test_logits"),
    };
  } finally {
    await file.close();
  }
}

export const writeResult = (folder: string, result: SetResult): Promise<void> =>
  writeAtomically(join(folder, setFiles.result), json(result));

/** What was found before from the same; null where there is nothing. */
export async function readResult(folder: string, key: string): Promise<SetResult | null> {
  const path = join(folder, setFiles.result);
  const result = (await isThere(path)) ? await readJson(path, resultSchema) : null;
  return result?.key === key ? result : null;
}

/** Writes a study and what it looks like; a picture that an earlier study had and this has not is gone. */
export async function writeStudy(folder: string, study: KernelStudy): Promise<void> {
  const pictures = studyPictures(study);
  for (const name of pictureNames) {
    const [path, picture] = [join(folder, `${name}.svg`), pictures[name]];
    await (picture === undefined ? rm(path, { force: true }) : writeAtomically(path, picture));
  }
  await writeAtomically(join(folder, studyFiles.report), studyReport(study));
  await writeAtomically(join(folder, studyFiles.study), json(study));
}
