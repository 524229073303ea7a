/** Which matrices a method works on: by the names of their modules, as in peft's `target_modules`. */
import { unknownName } from "../errors/unknown-name.ts";
import type { ParameterSpec } from "../nn/parameters.ts";

/** A linear module of the body: its weight and its bias. */
export interface LinearModule {
  /** The weight's name without `.weight`. */
  readonly name: string;
  readonly weight: ParameterSpec;
  readonly bias: ParameterSpec | null;
}

/** The linear modules of the transformer blocks, in order. */
export function linearModules(specs: readonly ParameterSpec[]): LinearModule[] {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  return specs
    .filter((spec) => spec.role === "linear" && spec.block !== null && !spec.head)
    .map((weight) => {
      const name = weight.name.replace(/\.weight$/, "");
      return { name, weight, bias: byName.get(`${name}.bias`) ?? null };
    });
}

/**
 * The modules that `targets` name: each entry is a module's full name or the end of it after a dot (`query`,
 * `attention.output.dense`); null or `all-linear` stands for all.
 * @throws Error listing near names when an entry matches no module.
 */
export function chooseModules(modules: readonly LinearModule[], targets: readonly string[] | null): LinearModule[] {
  if (targets === null || targets.includes("all-linear")) return [...modules];
  if (targets.length === 0) throw new Error("target_modules: names no module; leave it out to target them all");
  const matches = (name: string, entry: string) => name === entry || name.endsWith(`.${entry}`);
  for (const entry of targets) {
    if (!modules.some(({ name }) => matches(name, entry)))
      throw unknownName("target_modules: no module is called", entry, suffixes(modules));
  }
  return modules.filter(({ name }) => targets.some((entry) => matches(name, entry)));
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
function suffixes(modules: readonly LinearModule[]): Set<string> {
  const names = modules.map(({ name, weight }) =>
    name.slice(name.indexOf(`.${weight.block}.`) + `.${weight.block}.`.length),
  );
  return new Set(names.flatMap((name) => name.split(".").map((_, i, parts) => parts.slice(i).join("."))));
}
