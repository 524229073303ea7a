/**
 * What RoCoFT's official code trains. It goes through a model's modules: of each Linear, the head's too, it trains rows, columns or
 * entries and the bias; Embeddings and LayerNorms it freezes; every other parameter it leaves as it was, trainable. So the head,
 * which begins at random, is for the most part frozen. A tied output layer is not untied here, as it is there.
 */
import type { ParameterSpec } from "../nn/parameters.ts";
import { everyLinearModule, isCalled, type LinearModule, linearModules, type TargetOptions } from "./targets.ts";

/** The linear modules outside the blocks that it works on as on the others. */
export function modulesBesideTheBlocks(
  specs: readonly ParameterSpec[],
  { target_modules: targets }: Pick<TargetOptions, "target_modules">,
): LinearModule[] {
  const inBlocks = new Set(linearModules(specs).map(({ name }) => name));
  const isTargeted = (module: LinearModule) =>
    targets === null || targets.some((entry) => entry === "all-linear" || isCalled(module, entry));
  return everyLinearModule(specs).filter((module) => !inBlocks.has(module.name) && isTargeted(module));
}

/** The parameters it does not know: norms without a bias (RMSNorm), and biases that belong to no module's weight. */
export function leavesTheOfficialCodeTrains(specs: readonly ParameterSpec[]): ParameterSpec[] {
  const names = new Set(specs.map(({ name }) => name));
  return specs.filter(
    ({ name, role }) =>
      (role === "norm" && !names.has(name.replace(/weight$/, "bias"))) ||
      (role === "bias" && !names.has(name.replace(/bias$/, "weight"))),
  );
}
