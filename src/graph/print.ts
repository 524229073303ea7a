/** A graph as text, one line a value: for people, and for tests of structure. */
import { formatShape } from "../tensor/shape.ts";
import type { Value } from "./value.ts";
import { topological } from "./walk.ts";

/** The graph of `outputs` in topological order; inputs and constants appear where they are used. */
export function print(outputs: readonly Value[]): string {
  const names = new Map<Value, string>();
  const lines: string[] = [];
  for (const value of topological(outputs)) {
    const leaf = leafName(value);
    names.set(value, leaf ?? `%${lines.length}`);
    if (leaf === null)
      lines.push(`%${lines.length} = ${expression(value, names)}: ${value.type}${formatShape(value.shape)}`);
  }
  return [...lines, `return ${outputs.map((value) => names.get(value)).join(", ")}`].join("\n");
}

function leafName({ attrs }: Value): string | null {
  if (attrs === null) return null;
  if ("name" in attrs) return attrs.name;
  if (!("value" in attrs)) return null;
  return attrs.shape.length === 0 ? String(attrs.value) : `${attrs.value}${formatShape(attrs.shape)}`;
}

function expression(value: Value, names: ReadonlyMap<Value, string>): string {
  const operands = (value.operands as readonly Value[]).map((x) => names.get(x)!);
  const attrs = Object.entries(value.attrs ?? {})
    .filter(([, attr]) => attr !== false)
    .map(([key, attr]) => `${key}=${Array.isArray(attr) ? `[${attr.join(" ")}]` : attr}`);
  return `${value.op}(${[...operands, ...attrs].join(", ")})`;
}
