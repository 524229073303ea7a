/** A method's choice over a stored base as an adapter has it. */
import { input } from "../graph/ops.ts";
import type { ParameterSpec } from "../nn/parameters.ts";
import type { AdapterTensor } from "../peft/adapter.ts";
import { trainedParts } from "../peft/attachment.ts";
import type { Attachment, TrainedTensor } from "../peft/method.ts";
import { sameShape, sizeOf } from "../tensor/shape.ts";

/**
 * The attachment with its parts of `stored` parameters where an adapter has them: a method that chose by evidence does not know them
 * without it, and they are no views of weights that the adapter could be written into.
 */
export function placedAs(
  adapter: readonly AdapterTensor[],
  attachment: Attachment,
  stored: ReadonlyMap<string, ParameterSpec>,
): Attachment {
  const own = attachment.trained.filter(({ parameter }) => stored.has(parameter.name));
  const parts = adapter.flatMap((part) => (stored.has(part.parameter) ? [placedPart(part, own, stored)] : []));
  if (own.length + parts.length === 0) return attachment;
  const placed = trainedParts(parts);
  const changed = new Set([...own, ...parts].map(({ parameter }) => parameter.name));
  return {
    ...attachment,
    trained: [...attachment.trained.filter((part) => !own.includes(part)), ...parts],
    reparameterize(base, values, mode) {
      // Its own parts are of no use, but it asks for them.
      const asked = new Map([...values, ...own.map(({ name, shape }) => [name, input(name, shape)] as const)]);
      const [table, read] = [attachment.reparameterize(base, asked, mode), placed.reparameterize(base, values, mode)];
      return new Map([...table].map(([name, value]) => [name, changed.has(name) ? read.get(name)! : value]));
    },
  };
}

function placedPart(
  { name, parameter, selection, values: { shape } }: AdapterTensor,
  own: readonly TrainedTensor[],
  stored: ReadonlyMap<string, ParameterSpec>,
): TrainedTensor {
  const known = own.find((part) => part.name === name && sameShape(part.shape, shape));
  const placed = { name, shape, selection, parameter: stored.get(parameter)! };
  return { ...known, ...placed, count: known?.count ?? sizeOf(shape) };
}
