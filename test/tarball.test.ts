/** The package as `npm pack` makes it of what is built: what it holds, how large it is, and that it works in an empty folder. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type Finished, run } from "./process.ts";
import { scratchFolder, table, write } from "./tiny-model.ts";

/** 9.7 MB of the tarball are rocoft-small, which lets a first training begin without a download; the rest is code and text. */
const largestTarball = 11e6;
const timeout = 600_000;

interface Tarball {
  readonly filename: string;
  /** In bytes, compressed. */
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

interface Description {
  readonly devDependencies: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, "..");
const scratch = scratchFolder();
const app = join(scratch, "app");
let tarball: Tarball;

/** Runs npm or npx, which must succeed; on Windows they are scripts for a shell. */
async function npm(program: "npm" | "npx", args: readonly string[], cwd: string): Promise<Finished> {
  const finished = await run(program, args, { cwd, shell: process.platform === "win32", env: { HF_HUB_OFFLINE: "1" } });
  if (finished.code !== 0)
    throw new Error(`${program} ${args.join(" ")} exited with ${finished.code}: ${finished.output}${finished.errors}`);
  return finished;
}

beforeAll(async () => {
  const { output } = await npm("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", scratch], root);
  [tarball] = Object.values(JSON.parse(output) as Record<string, Tarball>) as [Tarball];
}, timeout);

const paths = () => tarball.files.map(({ path }) => path);

test("it holds the program, the library, the bundled model and two pages", () => {
  const rest = paths().filter((path) => !path.startsWith("dist/") && !path.startsWith("models/"));
  expect(rest.toSorted()).toEqual(["LICENSE", "README.md", "bin/rocoft.js", "package.json"]);
  const models = ["README.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
  expect(paths()).toEqual(expect.arrayContaining(models.map((file) => `models/rocoft-small/${file}`)));
});

test("of the library it holds code and types of every source, and nothing else", () => {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts") && !/\.(test|cases)\.ts$/.test(file));
  const built = sources.flatMap((file) => [".js", ".d.ts"].map((ending) => `dist/${file.replace(/\.ts$/, ending)}`));
  const packed = paths().filter((path) => path.startsWith("dist/"));
  expect(packed.toSorted(), "dist/ is not what src/ makes; delete it and run npm run build").toEqual(built.toSorted());
});

test("it is no larger than it has to be", () => {
  expect(tarball.size).toBeLessThan(largestTarball);
});

test("in an empty folder, it trains, and its command answers", { timeout }, async () => {
  write(join(app, ".npmrc"), "onnxruntime-node-install=skip\n");
  const install = [
    "install",
    join(scratch, tarball.filename),
    "--omit=dev",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
  ];
  await npm("npm", install, app);
  const words = ["good", "great", "fine", "kind", "bad", "dull", "weak", "grim"];
  const rows = words.map((word, i) => [`so ${word}`, i < 4 ? "good" : "bad"]);
  write(join(app, "reviews.csv"), table(["text", "label"], rows, ","));
  const script = `import { fineTune } from "rocoft";
const training = fineTune({ model: "rocoft-small", data: "reviews.csv", max_steps: 2, output_dir: "run" });
for await (const event of training) if (event.type === "step") console.log(event.step, event.loss);
`;
  write(join(app, "train.mjs"), script);
  const trained = await run(process.execPath, ["train.mjs"], { cwd: app });
  expect(trained).toEqual({ code: 0, errors: "", output: expect.stringMatching(/^1 0\.\d+\n2 0\.\d+\n$/) });

  const help = await npm("npx", ["rocoft", "--help"], app);
  expect(help.output).toMatch(/^Usage: rocoft \[options\] \[command\]\n/);
  const answer = await npm("npx", ["rocoft", "predict", "run", "--text", "so-good"], app);
  expect(answer.output).toMatch(/^(good|bad)\t0\.\d{4}\tso-good\n$/);
});

test("there, nothing that only development needs is installed", () => {
  const installed = readdirSync(join(app, "node_modules"));
  expect(installed).toContain("onnxruntime-node");
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Description;
  expect(Object.keys(devDependencies).filter((name) => existsSync(join(app, "node_modules", name)))).toEqual([]);
});
