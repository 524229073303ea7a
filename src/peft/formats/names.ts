/** Names of modules as peft's configurations give them. */
import type { ParameterSpec } from "../../nn/parameters.ts";

/** A parameter's name without its last part. */
export const moduleOf = (parameter: string): string => parameter.replace(/\.[^.]*$/, "");

const ends = (name: string): string[] => name.split(".").map((_, i, parts) => parts.slice(i).join("."));

/**
 * `target_modules` for exactly these modules: of each the shortest end of its name that no other module of the model has, as
 * `query`, else the whole name.
 * @param others modules that peft does not look among, such as the head's
 */
export function targetNames(
  targets: readonly string[],
  specs: readonly ParameterSpec[],
  others: (module: string) => boolean,
): string[] {
  const chosen = new Set(targets);
  const rest = specs.map(({ name }) => moduleOf(name)).filter((module) => !chosen.has(module) && !others(module));
  const taken = new Set(rest.flatMap(ends));
  const isName = (end: string) => !/^\d/.test(end) && !taken.has(end);
  return [...new Set(targets.map((module) => ends(module).toReversed().find(isName) ?? module))];
}

/**
 * The modules that hold these parameters and no others: the outermost ones.
 * @throws Error in one line naming a parameter whose module holds others, too
 */
export function modulesHolding(parameters: readonly string[], specs: readonly ParameterSpec[]): string[] {
  const held = new Set(parameters);
  const isWhole = (module: string) => specs.every(({ name }) => !name.startsWith(`${module}.`) || held.has(name));
  const modules = parameters.map((parameter) => {
    const parts = parameter.split(".").slice(0, -1);
    const above = parts.map((_, i) => parts.slice(0, i + 1).join("."));
    const module = above.find(isWhole);
    if (module === undefined)
      throw new Error(`${parameter}: peft saves whole modules beside an adapter, and this is a part of one`);
    return module;
  });
  return [...new Set(modules)];
}
