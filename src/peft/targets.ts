/** Which matrices a method works on: by the names of their modules, as in peft's `target_modules`. */
import * as z from "zod";
import { unknownName } from "../errors/unknown-name.ts";
import type { ParameterSpec } from "../nn/parameters.ts";

/** A linear module of the body: its weight and its bias. */
export interface LinearModule {
  /** The weight's name without `.weight`. */
  readonly name: string;
  readonly weight: ParameterSpec;
  readonly bias: ParameterSpec | null;
}

/** A matrix of a linear module: the module's weight, or of one that is several the rows of one of them. */
export interface LogicalMatrix {
  /** The module's name, with that of the part after a dot. */
  readonly name: string;
  readonly module: LinearModule;
  /** The part's name; null for the whole weight. */
  readonly part: string | null;
  /** The rows of the weight [out, in] that are its; null for all. */
  readonly rows: readonly number[] | null;
}

/** The matrices of modules, those of fused ones apart. */
export function matricesOf(modules: readonly LinearModule[]): LogicalMatrix[] {
  return modules.flatMap((module): LogicalMatrix[] => {
    const { fused } = module.weight;
    if (!fused) return [{ name: module.name, module, part: null, rows: null }];
    return Object.entries(fused).map(([part, rows]) => ({ name: `${module.name}.${part}`, module, part, rows }));
  });
}

/** The place of a linear module in its block, whatever the model calls it. */
export type Place = "query" | "key" | "value" | "fused" | "attention-output" | "feed-forward-in" | "feed-forward-out";

/** How the models name these places; of two names that both fit, the one that comes first holds. */
const placeNames: readonly (readonly [end: string, place: Place])[] = [
  ["query", "query"],
  ["query_proj", "query"],
  ["q_proj", "query"],
  ["q_lin", "query"],
  ["q", "query"],
  ["key", "key"],
  ["key_proj", "key"],
  ["k_proj", "key"],
  ["k_lin", "key"],
  ["k", "key"],
  ["value", "value"],
  ["value_proj", "value"],
  ["v_proj", "value"],
  ["v_lin", "value"],
  ["v", "value"],
  ["query_key_value", "fused"],
  ["c_attn", "fused"],
  ["attention.output.dense", "attention-output"],
  ["self_attention.dense", "attention-output"],
  ["out_lin", "attention-output"],
  ["out_proj", "attention-output"],
  ["o_proj", "attention-output"],
  ["attn.c_proj", "attention-output"],
  ["o", "attention-output"],
  ["intermediate.dense", "feed-forward-in"],
  ["lin1", "feed-forward-in"],
  ["fc1", "feed-forward-in"],
  ["fc_in", "feed-forward-in"],
  ["dense_h_to_4h", "feed-forward-in"],
  ["gate_proj", "feed-forward-in"],
  ["up_proj", "feed-forward-in"],
  ["c_fc", "feed-forward-in"],
  ["wi", "feed-forward-in"],
  ["wi_0", "feed-forward-in"],
  ["wi_1", "feed-forward-in"],
  ["output.dense", "feed-forward-out"],
  ["lin2", "feed-forward-out"],
  ["fc2", "feed-forward-out"],
  ["fc_out", "feed-forward-out"],
  ["dense_4h_to_h", "feed-forward-out"],
  ["down_proj", "feed-forward-out"],
  ["mlp.c_proj", "feed-forward-out"],
  ["wo", "feed-forward-out"],
];

/** The place of a module; null where its name does not tell. */
export function placeOf({ name }: LinearModule): Place | null {
  return placeNames.find(([end]) => name.endsWith(`.${end}`))?.[1] ?? null;
}

/** The options by which a method's modules are chosen. */
export interface TargetOptions {
  /** See {@link chooseModules}. */
  readonly target_modules: readonly string[] | null;
  /** The blocks whose modules are targeted, counted from 0; null for all. */
  readonly layers_to_transform: readonly number[] | null;
}

/** What a method works on, and the linear modules it leaves alone. */
export interface Targets {
  readonly modules: readonly LinearModule[];
  readonly choice: { readonly targets: readonly string[]; readonly untouched: readonly string[] };
}

/**
 * The modules that options name, by default those at `places`, all of them where that is null.
 * @throws Error in one line when a name or a layer is none of the model's.
 */
export function targetsOf(
  specs: readonly ParameterSpec[],
  { target_modules: names, layers_to_transform: layers }: TargetOptions,
  places: readonly Place[] | null,
): Targets {
  const all = linearModules(specs);
  const isThere = (module: LinearModule) => places?.includes(placeOf(module)!) ?? true;
  const modules = modulesOfLayers(names === null ? all.filter(isThere) : chooseModules(all, names), layers);
  const chosen = new Set(modules.map(({ name }) => name));
  const untouched = all.map(({ name }) => name).filter((name) => !chosen.has(name));
  return { modules, choice: { targets: [...chosen], untouched } };
}

/** The matrices that a method works on where it takes those of a fused module apart. */
export interface TargetedMatrices {
  readonly matrices: readonly LogicalMatrix[];
  readonly choice: Targets["choice"];
}

/**
 * The matrices that options name, all unless given. One of a fused module is called by its own name (`query`) or by the module's.
 * @throws Error as {@link targetsOf}
 */
export function targetedMatrices(
  specs: readonly ParameterSpec[],
  { target_modules: names, layers_to_transform: layers }: TargetOptions,
): TargetedMatrices {
  const all = matricesOf(linearModules(specs));
  const named = chooseModules(all, names, "target_modules", ({ name, module }) => [name, module.name]);
  const inLayers = new Set(modulesOfLayers([...new Set(named.map(({ module }) => module))], layers));
  const matrices = named.filter(({ module }) => inLayers.has(module));
  const chosen = new Set(matrices);
  const isWhole = (module: LinearModule) => all.every((matrix) => matrix.module !== module || chosen.has(matrix));
  const listed = (kept: readonly LogicalMatrix[], whole: (module: LinearModule) => boolean) => [
    ...new Set(kept.map(({ name, module }) => (whole(module) ? module.name : name))),
  ];
  const rest = all.filter((matrix) => !chosen.has(matrix));
  const isLeft = (module: LinearModule) => !matrices.some((matrix) => matrix.module === module);
  return { matrices, choice: { targets: listed(matrices, isWhole), untouched: listed(rest, isLeft) } };
}

/** How the options are checked. @param fallback which modules are targeted where none are named */
export function targetOptions(fallback: string): { readonly [K in keyof TargetOptions]: z.ZodType<TargetOptions[K]> } {
  return {
    target_modules: z
      .array(z.string())
      .nullable()
      .default(null)
      .describe(
        `modules by the end of their names (query, attention.output.dense), or all-linear; ${fallback} by default`,
      ),
    layers_to_transform: z
      .array(z.int().nonnegative())
      .nullable()
      .default(null)
      .describe("layers whose modules are trained, counted from 0; all by default"),
  };
}

/** The linear modules of the transformer blocks, in order. */
export function linearModules(specs: readonly ParameterSpec[]): LinearModule[] {
  return everyLinearModule(specs).filter(({ weight }) => weight.block !== null && !weight.head);
}

/** Those outside the blocks too: poolers, and what heads are made of. */
export function everyLinearModule(specs: readonly ParameterSpec[]): LinearModule[] {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  return specs
    .filter(({ role }) => role === "linear")
    .map((weight) => {
      const name = weight.name.replace(/\.weight$/, "");
      return { name, weight, bias: byName.get(`${name}.bias`) ?? null };
    });
}

/**
 * The modules that `targets` name: each entry is a module's full name or the end of it after a dot (`query`,
 * `attention.output.dense`); null or `all-linear` stands for all.
 * @param option what the targets are given as
 * @param namesOf what a module is called, its name alone unless given
 * @throws Error listing near names when an entry matches no module.
 */
export function chooseModules<M extends { readonly name: string }>(
  modules: readonly M[],
  targets: readonly string[] | null,
  option = "target_modules",
  namesOf: (module: M) => readonly string[] = ({ name }) => [name],
): M[] {
  if (targets === null || targets.includes("all-linear")) return [...modules];
  if (targets.length === 0) throw new Error(`${option}: names no module; leave it out to target them all`);
  const isNamed = (module: M, entry: string) => namesOf(module).some((name) => isCalled({ name }, entry));
  for (const entry of targets) {
    if (!modules.some((module) => isNamed(module, entry)))
      throw unknownName(`${option}: no module is called`, entry, suffixes(modules.flatMap(namesOf)));
  }
  return modules.filter((module) => targets.some((entry) => isNamed(module, entry)));
}

/** Whether an entry of `target_modules` names a module. */
export function isCalled({ name }: Pick<LinearModule, "name">, entry: string): boolean {
  return name === entry || name.endsWith(`.${entry}`);
}

/**
 * The modules of the blocks with these numbers, from 0; null stands for all blocks.
 * @throws Error naming a number that is no block's.
 */
export function modulesOfLayers(modules: readonly LinearModule[], layers: readonly number[] | null): LinearModule[] {
  if (layers === null) return [...modules];
  if (layers.length === 0) throw new Error("layers_to_transform: names no layer; leave it out to train them all");
  const blocks = new Set(modules.map(({ weight }) => weight.block!));
  const absent = layers.find((layer) => !blocks.has(layer));
  if (absent !== undefined)
    throw new Error(
      `layers_to_transform: ${absent}, expected numbers of the model's layers, 0 to ${Math.max(...blocks)}`,
    );
  return modules.filter(({ weight }) => layers.includes(weight.block!));
}

/** The names a module of a block can be called by: the ends of its name below the block's number. */
function suffixes(modules: readonly string[]): Set<string> {
  const names = modules.map((name) => name.replace(/^.*\.\d+\./, ""));
  return new Set(names.flatMap((name) => name.split(".").map((_, i, parts) => parts.slice(i).join("."))));
}
