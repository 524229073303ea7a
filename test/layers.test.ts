/** Who may import whom, which files may touch the machine, and how long a file may be. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

/** From the bottom up; a folder imports its own files and those of lower rows, equal rows are strangers. */
const ranks = [
  ["errors", "tensor"],
  ["graph"],
  ["autodiff", "interpret", "onnx"],
  ["runtime", "nn", "optim", "formats"],
  ["models", "peft", "data", "metrics"],
  ["quantization"],
  ["tasks", "train", "hub"],
  ["generation", "ntk"],
  ["run"],
  ["cli"],
  ["index.ts"],
  ["node.ts"],
];
const rankOf = (layer: string) => ranks.findIndex((row) => row.includes(layer));

/** Where files, processes and native libraries are. */
const native = ["runtime/native.ts", "run/", "hub/", "cli/", "node.ts"];

const LONGEST = 300;
const source = join(import.meta.dirname, "..", "src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !/\.(test|cases)\.ts$/.test(file))
  .toSorted();
const read = (file: string) => readFileSync(join(source, file), "utf8");

/** What a file imports or re-exports, types too: a path from src/ where it is ours, else as it stands. */
function importsOf(file: string): string[] {
  const specifiers = [...read(file).matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, name]) => name!);
  return specifiers.map((name) => (name.startsWith(".") ? normalize(join(dirname(file), name)) : name));
}
const layerOf = (file: string) => file.split("/")[0]!;
const ours = (file: string) => importsOf(file).filter((name) => name.endsWith(".ts"));

test("every folder of the sources has a rank, and every rank is there", () => {
  const layers = new Set(files.map(layerOf));
  expect([...layers].toSorted()).toEqual(ranks.flat().toSorted());
});

test("imports are found, of every form", () => {
  expect(importsOf("graph/value.ts")).toEqual(["graph/primitive.ts", "graph/shapes.ts"]);
  expect(importsOf("runtime/native.ts")).toContain("onnxruntime-node");
  expect(importsOf("index.ts")).toContain("graph/ops.ts");
  expect(files.flatMap(ours).filter((name) => !files.includes(name))).toEqual([]);
});

test("files import only from below, never from a stranger", () => {
  const wrong = files.flatMap((file) => {
    const own = layerOf(file);
    const others = ours(file).filter((name) => layerOf(name) !== own);
    return others.filter((name) => rankOf(layerOf(name)) >= rankOf(own)).map((name) => `${file} imports ${name}`);
  });
  expect(wrong).toEqual([]);
});

test("models and methods meet only above both", () => {
  const meeting = files.filter((file) => {
    const layers = new Set([layerOf(file), ...ours(file).map(layerOf)]);
    return layers.has("models") && layers.has("peft") && rankOf(layerOf(file)) <= rankOf("peft");
  });
  expect(meeting).toEqual([]);
});

test("files leave the machine to those whose work it is", () => {
  const wrong = files
    .filter((file) => !native.some((path) => file.startsWith(path)))
    .flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith("node:") || name === "onnxruntime-node")
        .map((name) => `${file} imports ${name}`),
    );
  expect(wrong).toEqual([]);
});

test(`no file is longer than ${LONGEST} lines`, () => {
  const lines = (file: string) => read(file).trimEnd().split("\n").length;
  expect(files.filter((file) => lines(file) > LONGEST)).toEqual([]);
});
