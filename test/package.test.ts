/** The package as others meet it: what it exports, what it depends on, and that its core needs no Node. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import * as core from "../src/index.ts";
import * as node from "../src/node.ts";

const root = join(import.meta.dirname, "..");
const description = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly exports: Record<string, string | Record<string, string>>;
  readonly bin: Record<string, string>;
};

describe("the public names", () => {
  test("of the core", () => {
    expect(Object.keys(core).toSorted().join(" ")).toMatchInlineSnapshot(
      `"adamw adapt architectures compareKernels compileJacobian createRuntime createTokenizer decodeSafetensors describeKernel empiricalKernels encodeDataset encodeSafetensors forwardPass generate gradients graph instructionTemplates interpret jacobianGraph kernelClassifiers languageModel likelihoodOf loadWeights mergedWeights methodOf methods metrics modelOf onnxModel parametersOf print pullbacks random readGenerationConfig relativeDistance restore rewrites sentencesOf simplify streamTokens studyReport tasks tensor textMetrics traceKernel train trainingStep zeros"`,
    );
  });

  test("that Node adds", () => {
    const added = Object.keys(node).filter((name) => !(name in core));
    expect(added.toSorted().join(" ")).toMatchInlineSnapshot(
      `"exportModel fineTune kernelStudy mergeModel mergeQuantized mergeRun nativeRuntime openAdapter openBase openCheckpoint openGenerator openModelFolder openRun plan resolveModel resumeRun scoreModel"`,
    );
    expect({ ...node }).toMatchObject({ ...core });
  });

  test("lead to files that are built from sources that are there", () => {
    const targets = Object.values(description.exports).flatMap((target) =>
      typeof target === "string" ? [target] : Object.values(target),
    );
    for (const target of [...targets, ...Object.values(description.bin)]) {
      const file = target.replace(/^(\.\/)?dist\/(.*)\.js$/, "src/$2.ts");
      expect(existsSync(join(root, file)), target).toBe(true);
    }
  });
});

describe("dependencies", () => {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !/\.(test|cases)\.ts$/.test(file),
  );
  const imported = new Set(
    files.flatMap((file) => {
      const text = readFileSync(join(root, "src", file), "utf8");
      const names = [...text.matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*"([^."][^"]*)"/g)].map(([, name]) => name!);
      return names.filter((name) => !name.startsWith("node:")).map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)![0]);
    }),
  );

  test("are all imported, and all that is imported is one", () => {
    expect([...imported].toSorted()).toEqual(Object.keys(description.dependencies).toSorted());
  });

  test("are pinned to a version", () => {
    const versions = { ...description.dependencies, ...description.devDependencies };
    const loose = Object.entries(versions).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    expect(loose).toEqual([]);
  });
});

describe("in a browser", async () => {
  const { errors, warnings, outputFiles, metafile } = await build({
    entryPoints: [join(root, "src", "index.ts")],
    bundle: true,
    write: false,
    metafile: true,
    platform: "browser",
    format: "iife",
    globalName: "rocoft",
    logLevel: "silent",
  });

  test("the core bundles, with nothing of Node in it", () => {
    expect([errors, warnings]).toEqual([[], []]);
    const foreign = Object.keys(metafile.inputs).filter(
      (file) => builtinModules.includes(file.replace(/^node:/, "")) || file.includes("onnxruntime-node"),
    );
    expect(foreign).toEqual([]);
  });

  test("it runs without Node's globals", () => {
    const context = createContext({ TextEncoder, TextDecoder });
    runInContext(outputFiles[0]!.text, context);
    const text = runInContext(
      `const { graph, gradients, print, onnxModel } = rocoft;
       const x = graph.input("x", ["batch"]);
       const loss = graph.sum(graph.mul(x, x), [0]);
       const [gradient] = gradients(loss, [x]);
       onnxModel({ gradient }).length > 100 ? print([loss]) : ""`,
      context,
    ) as string;
    expect(text).toBe("%0 = mul(x, x): float32[batch]\n%1 = sum(%0, axes=[0]): float32[]\nreturn %1");
    expect(Object.keys(runInContext("rocoft", context) as object).toSorted()).toEqual(Object.keys(core).toSorted());
  });
});
