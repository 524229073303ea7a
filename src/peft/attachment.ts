/** Attachments are composed: of whole parameters, of parts of them, and of tensors a method adds. */
import { input, replace, replaceEntries } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { ParameterSpec } from "../nn/parameters.ts";
import { inTurn } from "../nn/sites.ts";
import { sizeOf } from "../tensor/shape.ts";
import { isEntries, type Selection, selectedShape } from "../tensor/view.ts";
import type { AddedTensor, Attachment, TrainedTensor } from "./method.ts";

/** What a part of a method contributes; what is left out it does not touch. */
export type Part = Partial<Attachment>;

/** A whole parameter as a trained tensor. */
export function wholeParameter(parameter: ParameterSpec): TrainedTensor {
  return { name: parameter.name, shape: parameter.shape, parameter, selection: null, count: sizeOf(parameter.shape) };
}

/** Training whole parameters changes nothing in the forward pass: the trained values are the weights. */
export function trainWhole(specs: readonly ParameterSpec[]): Pick<Attachment, "trained" | "reparameterize"> {
  return trainedParts(specs.map(wholeParameter));
}

/** The head, which every method trains. */
export function trainHead(specs: readonly ParameterSpec[]): Part {
  return trainWhole(specs.filter(({ head }) => head));
}

/** A part of a parameter as a trained tensor. */
export function partOf(name: string, parameter: ParameterSpec, selection: Selection): TrainedTensor {
  const shape = selectedShape(parameter.shape, selection);
  return { name, shape, parameter, selection, count: sizeOf(shape) };
}

/** The input of the graph that says which entries of its parameter a trained tensor holds. */
export const entriesName = (trained: string): string => `${trained}.indices`;

/** W′ = W with its parts replaced by the trained ones, one after the other. */
export function trainedParts(trained: readonly TrainedTensor[]): Pick<Attachment, "trained" | "reparameterize"> {
  return {
    trained,
    reparameterize(base, values) {
      const table = new Map(base);
      for (const part of trained)
        table.set(part.parameter.name, replaced(table.get(part.parameter.name)!, part, values.get(part.name)!));
      return table;
    },
  };
}

function replaced(weight: Value, { name, selection }: TrainedTensor, value: Value): Value {
  if (selection === null) return value;
  if (!isEntries(selection)) return replace(weight, value, selection.axis, selection.indices, selection.within);
  return replaceEntries(weight, value, input(entriesName(name), [selection.entries.length], "int64"));
}

/** Tensors that a method adds, of which it trains some, and what it makes of them. */
export function withAdded(added: readonly AddedTensor[], use: Omit<Part, "trained" | "added"> = {}): Part {
  const trained = added
    .filter((tensor) => tensor.trained)
    .map((tensor) => ({
      ...wholeParameter(tensor),
      ...(tensor.optimization && { optimization: tensor.optimization }),
    }));
  const whole = trainedParts(trained);
  return {
    ...use,
    trained,
    added,
    reparameterize: (base, values, mode) => {
      const table = whole.reparameterize(base, values, mode);
      return use.reparameterize?.(table, values, mode) ?? table;
    },
  };
}

/** Several parts as one attachment, each working on what those before it have made. */
export function compose(...parts: readonly Part[]): Attachment {
  return parts.reduce<Attachment>(joined, {
    trained: [],
    added: [],
    targets: [],
    untouched: [],
    virtualTokens: 0,
    positions: 0,
    reparameterize: (base) => base,
  });
}

function joined(a: Attachment, b: Part): Attachment {
  const targets = [...new Set([...a.targets, ...(b.targets ?? [])])];
  const both = <F>(first: F | undefined, second: F | undefined, join: (f: F, s: F) => F): F | undefined =>
    first && second ? join(first, second) : (first ?? second);
  const parts = {
    inputs: both(a.inputs, b.inputs, (f, s) => (inputs, word) => s(f(inputs, word), word)),
    sites: both(a.sites, b.sites, (f, s) => (table, mode) => inTurn(f(table, mode), s(table, mode))),
    penalty: both(a.penalty, b.penalty, () => {
      throw new Error("compose: two methods that add to the loss");
    }),
    dynamics: both(a.dynamics, b.dynamics, () => {
      throw new Error("compose: two methods with steps of their own");
    }),
  };
  return {
    trained: [...a.trained, ...(b.trained ?? [])],
    added: [...a.added, ...(b.added ?? [])],
    targets,
    untouched: [...new Set([...a.untouched, ...(b.untouched ?? [])])].filter((name) => !targets.includes(name)),
    virtualTokens: a.virtualTokens + (b.virtualTokens ?? 0),
    positions: a.positions + (b.positions ?? 0),
    reparameterize: (base, trained, mode) => {
      const table = a.reparameterize(base, trained, mode);
      return b.reparameterize?.(table, trained, mode) ?? table;
    },
    ...(Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)) as Partial<Attachment>),
  };
}
