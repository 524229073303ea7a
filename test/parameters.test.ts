/** The counts of docs/parameters.md: against formulas worked out by hand, transformers, peft, and what is published. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { parametersPage, path } from "../scripts/docs/parameters.ts";
import { classifiers, languageModels, type Models } from "../scripts/parameters/configs.ts";
import { countAttached, countTrained, describeOptions, type Setting, settings } from "../scripts/parameters/count.ts";
import { countedIn, published } from "../scripts/parameters/published.ts";
import { methods } from "../src/peft/registry.ts";
import { linearModules } from "../src/peft/targets.ts";
import { sizeOf } from "../src/tensor/shape.ts";

const models: Models = { ...classifiers, ...languageModels };
const names = Object.keys(models);
const keyOf = (setting: Setting) => `${setting.name}, ${describeOptions(setting)}`;
const rows = settings.map((setting): [key: string, setting: Setting] => [keyOf(setting), setting]);
const countsOf = (setting: Setting) => Object.values(models).map((specs) => countTrained(setting, specs));

/**
 * What is trained beside the head, by the closed formulas of the methods: with weights of [out, in], a row has in numbers, a column
 * out, LoRA r·(in + out), and so on. To RoCoFT BLOOM's queries, keys and values are three weights. In the order of the models.
 */
const expected: Readonly<Record<string, readonly number[]>> = {
  "full fine-tuning, defaults": [
    124_055_040, 354_310_144, 183_831_552, 406_291_456, 7_069_016_064, 6_050_882_784, 6_738_415_616, 13_015_864_320,
  ],
  "RoCoFT, update row, rank 1": [82_944, 221_184, 82_944, 270_336, 1_105_920, 1_032_192, 1_138_688, 1_781_760],
  "RoCoFT, update column, rank 1": [82_944, 221_184, 82_944, 270_336, 1_105_920, 1_032_192, 1_359_872, 2_129_920],
  "RoCoFT, update row, rank 3": [248_832, 663_552, 248_832, 811_008, 3_317_760, 3_096_576, 3_416_064, 5_345_280],
  "RoCoFT, update column, rank 3": [248_832, 663_552, 248_832, 811_008, 3_317_760, 3_096_576, 4_079_616, 6_389_760],
  "RoCoFT, update row, rank 3, official_parameters true": [
    331_776, 884_736, 331_776, 1_081_344, 3_686_400, 3_732_704, 3_694_592, 5_775_360,
  ],
  "LoRA, rank 8": [294_912, 786_432, 294_912, 1_179_648, 3_932_160, 3_670_016, 4_194_304, 6_553_600],
  "LoRA, rank 8, target_modules all-linear": [
    1_327_104, 3_538_944, 1_327_104, 4_325_376, 15_728_640, 16_515_072, 19_988_480, 31_293_440,
  ],
  "DoRA, rank 8, use_dora true": [313_344, 835_584, 313_344, 1_253_376, 4_300_800, 3_899_392, 4_456_448, 6_963_200],
  "AdaLoRA, init_r 12": [1_991_520, 5_310_144, 1_991_520, 6_490_368, 23_594_400, 24_774_624, 29_985_408, 46_943_520],
  "AdaLoRA, init_r 12, at query, value, fused": [
    442_656, 1_180_224, 442_656, 1_770_336, 5_898_600, 5_505_696, 6_292_224, 9_831_360,
  ],
  "LoRA-XS, rank 16": [12_288, 24_576, 12_288, 33_792, 23_040, 28_672, 32_768, 40_960],
  "LoRA-XS, rank 16, target_modules all-linear": [18_432, 36_864, 18_432, 49_152, 30_720, 43_008, 57_344, 71_680],
  "VeRA, rank 256": [24_576, 61_440, 24_576, 92_160, 376_320, 243_712, 278_528, 430_080],
  "VeRA, rank 1024": [43_008, 98_304, 43_008, 147_456, 399_360, 286_720, 327_680, 491_520],
  "(IA)³, defaults": [55_296, 147_456, 55_296, 172_032, 860_160, 688_128, 614_400, 962_560],
  "BitFit, defaults": [102_144, 271_360, 102_912, 333_824, 1_359_872, 742_624, 0, 0],
  "LayerNorm tuning, defaults": [38_400, 100_352, 39_936, 126_976, 507_904, 237_568, 266_240, 414_720],
  "prompt tuning, num_virtual_tokens 20": [15_360, 20_480, 15_360, 20_480, 81_920, 81_920, 81_920, 102_400],
  "P-tuning, num_virtual_tokens 20, encoder_hidden_size 128": [
    229_376, 300_288, 229_376, 300_288, 1_151_232, 1_151_232, 1_151_232, 1_434_880,
  ],
  "prefix tuning, num_virtual_tokens 20": [
    368_640, 983_040, 368_640, 1_474_560, 4_915_200, 4_587_520, 5_242_880, 8_192_000,
  ],
  "prefix tuning, num_virtual_tokens 20, prefix_projection true, encoder_hidden_size 512": [
    9_864_704, 25_760_256, 9_864_704, 38_367_744, 128_254_464, 119_849_472, 136_659_456, 212_849_152,
  ],
  "Houlsby adapter, bottleneck_size 64": [
    2_417_664, 6_444_032, 2_419_200, 8_056_576, 32_214_784, 29_830_656, 34_086_912, 53_258_240,
  ],
  "Pfeiffer adapter, reduction_factor 16": [
    894_528, 3_171_840, 894_528, 3_171_840, 63_045_120, 58_842_112, 67_248_128, 131_289_600,
  ],
  "parallel adapter, bottleneck_size 512": [
    9_452_544, 25_202_688, 9_452_544, 25_202_688, 125_967_360, 117_569_536, 134_365_184, 209_940_480,
  ],
  "MAM adapter, num_virtual_tokens 16, bottleneck_size 16": [
    599_232, 1_597_824, 599_232, 1_991_040, 7_987_680, 7_455_168, 8_520_192, 13_312_640,
  ],
  "MAM adapter, num_virtual_tokens 30, bottleneck_size 512": [
    10_005_504, 26_677_248, 10_005_504, 27_414_528, 133_340_160, 124_450_816, 142_229_504, 222_228_480,
  ],
  "SHiRA, rank 8": [294_912, 786_432, 294_912, 1_179_648, 3_932_160, 3_670_016, 4_194_304, 6_553_600],
  "FISH Mask, density 0.005": [31_105, 725_158, 329_988, 2_031_457, 35_345_080, 30_254_413, 33_692_078, 65_079_321],
  "SFT, density 0.01": [1_246_464, 3_553_488, 1_844_208, 4_062_912, 70_690_110, 60_508_728, 67_384_032, 130_158_440],
  "diff pruning, defaults": [
    248_110_277, 708_620_677, 367_663_302, 812_583_423, 14_138_032_493, 12_101_765_853, 13_476_831_523, 26_031_729_003,
  ],
};

test("every method has a row, and every row its formula", () => {
  expect(settings.map(keyOf)).toEqual(Object.keys(expected));
  expect(new Set(settings.map(({ method }) => method))).toEqual(
    new Set(Object.keys(methods).filter((name) => name !== "head")),
  );
});

test.for(rows)("%s: the body's numbers are those of the formula", ([key, setting], { expect }) => {
  expect(countsOf(setting).map(({ body }) => body)).toEqual(expected[key]);
});

test.for(rows)("%s: the head's numbers", ([, setting], { expect }) => {
  // What RoCoFT's official code trains of the first layer [d, d] and the second [2, d]: 3 rows and 2, and both biases.
  const heads = "official_parameters" in setting.options ? [4610, 6146, 4610] : [592_130, 1_051_650, 592_130];
  expect(countsOf(setting).map(({ head }) => head)).toEqual([...heads, 0, 0, 0, 0, 0]);
});

test.for(["SHiRA", "FISH Mask", "SFT"])("%s trains as many entries as are counted", (name, { expect }) => {
  const setting = settings.find((one) => one.name === name)!;
  const specs = models["RoBERTa-base"]!;
  expect(countAttached(setting, specs)).toEqual(countTrained(setting, specs));
});

const fixture = z
  .record(
    z.string(),
    z.object({ parameters: z.record(z.string(), z.string()), peft: z.record(z.string(), z.int().nullable()) }),
  )
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "fixtures/parameters.json"), "utf8")));

test.for(names)("%s: parameters are transformers', by name and shape", (name, { expect }) => {
  const found = new Map<string, { shape: string; copies: number }>();
  for (const { name: parameter, shape } of models[name]!) {
    const key = parameter.replace(/\.\d+\./, ".*.");
    found.set(key, { shape: `[${shape.join(", ")}]`, copies: (found.get(key)?.copies ?? 0) + 1 });
  }
  const described = [...found].map(([key, { shape, copies }]) => [key, `${copies} × ${shape}`]);
  expect(Object.fromEntries(described)).toEqual(fixture[name]!.parameters);
});

/** Where peft counts otherwise, as the page says: by how many numbers ours are more. */
const apart: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "LoRA, rank 8, target_modules all-linear": { "DeBERTaV3-base": -8 * (768 + 768) },
  "AdaLoRA, init_r 12": { "DeBERTaV3-base": -12 * (768 + 768 + 1) },
  "(IA)³, defaults": { "RoBERTa-base": -12 * 768, "RoBERTa-large": -24 * 1024, "DeBERTaV3-base": -12 * 768 },
  "LayerNorm tuning, defaults": { "BART-large": 2 * 2048, "BLOOM-7b1": 8192 },
  "prompt tuning, num_virtual_tokens 20": { "BART-large": -20 * 1024 },
  "P-tuning, num_virtual_tokens 20, encoder_hidden_size 128": { "BART-large": -20 * 1024 },
  "prefix tuning, num_virtual_tokens 20": { "BART-large": 2 * 491_520 },
  "prefix tuning, num_virtual_tokens 20, prefix_projection true, encoder_hidden_size 512": {
    "BART-large": 513 * 48 * 1024,
  },
};

const inPeft = rows.filter(([key]) => key in fixture["RoBERTa-base"]!.peft);
test.for(inPeft)("%s: as many numbers as in peft", ([key, setting], { expect }) => {
  const theirs = names.map((name) => fixture[name]!.peft[key]!);
  const adjusted = theirs.map((count, i) => (count === null ? null : count + (apart[key]?.[names[i]!] ?? 0)));
  const ours = countsOf(setting).map(({ body }) => body);
  expect(ours.map((count, i) => (theirs[i] === null ? null : count))).toEqual(adjusted);
});

test("published figures are of the body, or of body and head, or of neither", () => {
  const counted = published.map(({ model, figure, setting }) =>
    countedIn(figure, countTrained(setting, models[model]!)),
  );
  const whole = "body and head";
  expect(counted).toEqual([
    ...[whole, "body", "body", "body", whole, whole, null, null, null, null, null],
    ...["body", "body", "body", "body", "body", "body", "body", "body"],
  ]);
});

test("the biases of RoBERTa-base's linear modules, which RoCoFT's paper counts for BitFit", () => {
  const biases = linearModules(models["RoBERTa-base"]!).map(({ bias }) => sizeOf(bias!.shape));
  expect(biases.reduce((a, b) => a + b)).toBe(82_944);
});

test("the page has these numbers", () => {
  const page = readFileSync(path, "utf8");
  const hint = "docs/parameters.md is stale; write its tables anew with npx tsx scripts/docs/parameters.ts";
  expect(parametersPage(page) === page, hint).toBe(true);
});
