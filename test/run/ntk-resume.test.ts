/** The splits of a kernel study, and how one goes on where it stood. */
import { cpSync, existsSync, readFileSync, statSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { relativeDistance } from "../../src/ntk/oracle.cases.ts";
import type { NtkEvent } from "../../src/node.ts";
import { write } from "../tiny-model.ts";
import { directKernels } from "./ntk-direct.ts";
import { drawn, ntkWorkshop, small, type StudySettings } from "./ntk-workshop.ts";
import { listing } from "./refused.ts";

const { path, classifier, prompt, study, kernelFile, few } = ntkWorkshop();

describe("splits", () => {
  test("of one's own csv: drawn from what is not held out, tested on what is", async () => {
    const { max_seq_length, threads } = classifier;
    const own = { max_seq_length, threads, model: path("roberta"), data: path("reviews.csv") };
    await study("own", { ...own, ...drawn, kernel_solver: [] });
    for (const seed of drawn.seeds) {
      const direct = await directKernels({ config: { ...own, method: "full" }, seed, shots: 3, tests: 1000 });
      const { tensors, numbers } = kernelFile("own", `3-${seed}`, "full");
      // A tenth of 48 is held out.
      expect(tensors.get("test_labels")!.shape[0]).toBeLessThan(10);
      expect(relativeDistance(numbers("test"), direct.test)).toBeLessThan(1e-5);
    }
  });

  test("a folder of the data that is named after shots and seed is the split", async () => {
    few("with folders/3-13");
    few("with folders");
    const test = "so good , a tale .\t1\nso bad .\t0\n";
    write(path("with folders", "3-13", "test.tsv"), `sentence\tlabel\n${test}`);
    const { splits } = await study("folders", {
      ...{ ...classifier, data: path("with folders"), kernel_solver: [], shots: 3, seeds: [13] },
    });
    // The order of the file, not that of the classes.
    expect(splits[0]).toMatchObject({ labels: [1, 1, 1, 0, 0, 0], testInputs: 2 });
    expect(existsSync(path("folders", "3-13", "full", "kernel.safetensors"))).toBe(true);
  });

  test("a test file without labels is passed over, and another may be named", async () => {
    const data = few("unlabelled");
    write(path("unlabelled", "test.tsv"), "index\tsentence\n0\tso good\n");
    const input = { ...classifier, data, kernel_solver: [] } as const;
    expect((await study("on dev", input)).splits[0]!.testInputs).toBe(4);
    const test_file = path("sst2", "dev.tsv");
    const named = await study("on a file", { ...input, test_file, max_test_samples: 7 });
    expect(named.splits[0]!.testInputs).toBe(7);
  });
});

describe("a study that is begun", () => {
  const input = {
    ...{ ...classifier, shots: 3, seeds: [13, 21], compare: ["rocoft:rank=1", "head"] },
    ...{ fine_tune: true, max_steps: 4, drift_steps: [4] },
  };
  /** When each file of a kernel or a result was written. */
  const times = (name: string) =>
    Object.fromEntries(
      listing(path(name))
        .filter((file) => /\.(safetensors|json)$/.test(file) && file.includes("3-"))
        .map((file) => [file, statSync(path(name, file)).mtimeMs]),
    );
  const files = (name: string) =>
    Object.fromEntries(
      listing(path(name))
        .filter((file) => /\.\w+$/.test(file) && file !== "config.json")
        .map((file) => [file, readFileSync(path(name, file)).toString("base64")]),
    );
  const measuredOf = (events: readonly NtkEvent[]) =>
    events.flatMap((event) => (event.type === "measured" ? [`${event.split}, ${event.set}: ${event.isKept}`] : []));

  /** Runs a study, aborting it at an event if there is such a one, and gives what it told. */
  async function told(name: string, more: object = {}, isEnough: (event: NtkEvent) => boolean = () => false) {
    const controller = new AbortController();
    const events: NtkEvent[] = [];
    const onEvent = (event: NtkEvent) => {
      events.push(event);
      if (isEnough(event)) controller.abort(new Error("enough"));
    };
    const ended = study(name, { ...input, ...more }, { onEvent, signal: controller.signal });
    return {
      events,
      error: await ended.then(
        () => null,
        (error: Error) => error.message,
      ),
    };
  }

  beforeAll(async () => {
    await told("uninterrupted");
  });

  test.each<[string, (event: NtkEvent) => boolean]>([
    ["after a first set is measured", ({ type }) => type === "measured"],
    ["in a kernel", ({ type, split }) => type === "kernel" && split === "seed 21"],
    ["in a training", (event) => event.type === "training" && event.set === "head" && event.step === 2],
  ])("interrupted %s goes on from there", async (when, isEnough) => {
    const name = `interrupted ${when}`;
    const first = await told(name, {}, isEnough);
    expect(first.error).toBe("enough");
    expect(existsSync(path(name, "study.json"))).toBe(false);
    const [before, measured] = [times(name), measuredOf(first.events)];
    const second = await told(name);
    expect(second.error).toBe(null);
    expect(times(name)).toMatchObject(before);
    expect(measuredOf(second.events).slice(0, measured.length)).toEqual(
      measured.map((each) => each.replace("false", "true")),
    );
    expect(measuredOf(second.events).filter((each) => each.endsWith("false"))).toHaveLength(6 - measured.length);
    expect(files(name)).toEqual(files("uninterrupted"));
  });

  test("done already is told again, without work", async () => {
    cpSync(path("uninterrupted"), path("copied"), { recursive: true, preserveTimestamps: true });
    const before = times("copied");
    // Threads and memory do not say what is found.
    const { events, error } = await told("copied", { threads: 2, memory_mib: 100 });
    expect(error).toBe(null);
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(["measured"]));
    expect(measuredOf(events).every((each) => each.endsWith("true"))).toBe(true);
    expect(times("copied")).toEqual(before);
    expect(files("copied")).toEqual(files("uninterrupted"));
  });

  test("is not gone on with by other settings, unless that is asked for: kernels that fit are kept", async () => {
    cpSync(path("uninterrupted"), path("changed"), { recursive: true, preserveTimestamps: true });
    const [before, whole] = [times("changed"), files("changed")];
    const solvers = { kernel_solver: ["svm"], fine_tune: false, drift_steps: [] };
    const { error } = await told("changed", solvers);
    expect(error).toBe(
      `${path("changed")}: holds a study of another kernel_solver; give another folder, or --overwrite_output_dir to write into it`,
    );
    expect(files("changed")).toEqual(whole);
    const { events } = await told("changed", { ...solvers, overwrite_output_dir: true });
    expect(events.map(({ type }) => type)).toEqual(Array(6).fill("measured"));
    const after = times("changed");
    for (const [file, time] of Object.entries(before))
      expect(after[file] === time, file).toBe(file.endsWith("kernel.safetensors"));
    expect(existsSync(path("changed", "drift.svg"))).toBe(false);
    // The settings that it has now are those it goes on by.
    expect((await told("changed", solvers)).error).toBe(null);
  });

  const timeOf = (name: string) => statSync(path(name, "2-13", "full", "kernel.safetensors")).mtimeMs;
  test.each<[string, Partial<StudySettings>]>([
    ["the words of a prompt", { mapping: "0:dull,1:great" }],
    ["the formula", { kernel_formula: "signgd" }],
    ["what is left out", { exclude_embeddings: true }],
    ["the test examples", { max_test_samples: 4 }],
    ["the length of inputs", { max_seq_length: 9 }],
  ])("makes its kernels anew where another is %s", async (what, more) => {
    const name = `anew ${what}`;
    await study(name, { ...prompt, ...small });
    const [before, numbers] = [timeOf(name), kernelFile(name, "2-13", "full").numbers("test")];
    await study(name, { ...prompt, ...small, ...more, overwrite_output_dir: true });
    expect(timeOf(name)).not.toBe(before);
    expect(kernelFile(name, "2-13", "full").numbers("test")).not.toEqual(numbers);
  });
});
