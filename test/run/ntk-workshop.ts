/** A scratch folder with tiny models and data for kernel studies, and what they leave there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import { kernelStudy, type KernelStudy, type NtkInput, type NtkOptions } from "../../src/node.ts";
import { adaptedModel } from "../../src/run/loaded.ts";
import { loadModel } from "../../src/run/open.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { AdaptedModel } from "../../src/train/adapt.ts";
import { makeTinyModel, reviews, table, workshop, write } from "../tiny-model.ts";

/** Two splits of three examples a class. */
export const drawn = { shots: 3, seeds: [13, 21] } as const;
/** One split of two examples a class, from which nothing is learnt. */
export const small = { shots: 2, seeds: [13], kernel_solver: [] } as const;

export interface KernelFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The numbers of a tensor of float64. */
  numbers(name: string): Float64Array;
  /** Those it was made under. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export type StudySettings = Omit<NtkInput, "output_dir">;

/** How all studies of the workshop begin. */
export interface Setting {
  readonly model: string;
  readonly task: "sst2";
  readonly data: string;
  readonly max_seq_length: number;
  readonly threads: number;
  readonly max_test_samples: number;
  readonly prompt?: boolean;
  readonly mapping?: string;
}

/** The settings that are those of a training. */
export const trainingOf = ({ max_test_samples: _, ...rest }: Setting): Omit<Setting, "max_test_samples"> => rest;

export interface NtkWorkshop {
  path(...parts: readonly string[]): string;
  readonly classifier: Setting;
  readonly prompt: Setting;
  /** A study in the folder `name`. */
  study(name: string, input: StudySettings, options?: NtkOptions): Promise<KernelStudy>;
  /** The file of a set's kernel, in the folder that is named. */
  kernelFile(...folder: readonly string[]): KernelFile;
  /** A folder of data with six training reviews and four others, both classes alike. */
  few(name: string): string;
  /** The classifier as a run in the folder `name` has trained it. */
  adapterModel(name: string): Promise<AdaptedModel>;
}

/** What is in the folder of {@link workshop}, and `mlm`, a RoBERTa with a language model's head. */
export function ntkWorkshop(): NtkWorkshop {
  const cwd = workshop();
  const path = (...parts: readonly string[]) => join(cwd, ...parts);
  makeTinyModel(path("mlm"), "roberta-mlm");
  const settings = { max_seq_length: 10, threads: 1, max_test_samples: 5 };
  const classifier: Setting = { ...settings, model: path("roberta"), task: "sst2", data: path("sst2") };
  return {
    path,
    classifier,
    prompt: { ...classifier, model: path("mlm"), prompt: true, mapping: "0:bad,1:good" },

    study: (name, input, options) => kernelStudy({ ...input, output_dir: path(name) }, options),

    kernelFile(...folder) {
      const bytes = readFileSync(path(...folder, "kernel.safetensors"));
      const text = bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString();
      const header = JSON.parse(text) as Readonly<Record<string, { readonly settings: string }>>;
      const tensors = decodeSafetensors(bytes, "kernel");
      const numbers = (name: string) => tensors.get(name)!.data as Float64Array;
      return { tensors, numbers, settings: JSON.parse(header["__metadata__"]!.settings) as Record<string, unknown> };
    },

    few(name) {
      const rows = (count: number, seed: number) => {
        const list = reviews(40, seed);
        const half = (isGood: boolean) => list.filter(({ good }) => good === isGood).slice(0, count / 2);
        return [...half(true), ...half(false)].map(({ text, good }) => [text, Number(good)]);
      };
      write(path(name, "train.tsv"), table(["sentence", "label"], rows(6, 7)));
      write(path(name, "dev.tsv"), table(["sentence", "label"], rows(4, 8)));
      return path(name);
    },

    adapterModel: async (name) => adaptedModel(await loadModel({ model: path("roberta"), adapter: path(name) })),
  };
}

/** What a generator ends with. */
export async function lastOf<T>(events: AsyncGenerator<unknown, T>): Promise<T> {
  for (;;) {
    const { done, value } = await events.next();
    if (done) return value;
  }
}
