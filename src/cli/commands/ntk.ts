/** rocoft ntk */
import { join } from "node:path";
import { Command } from "commander";
import { meanAndDeviation } from "../../ntk/statistics.ts";
import { type KernelStudy, kernelsOf } from "../../ntk/study.ts";
import { ntkFields, parseNtkConfig, sharedFields } from "../../run/ntk/config.ts";
import { studyFiles } from "../../run/ntk/files.ts";
import { runStudy } from "../../run/ntk/study.ts";
import { downloadProgress } from "../download.ts";
import { addConfigFlags, addSettingFlags, trainInput } from "../flags.ts";
import { formatCount, formatTable } from "../format.ts";
import { untilInterrupted } from "../interrupt.ts";
import { createNtkProgress } from "../ntk-progress.ts";
import { writeLine } from "../progress.ts";

const examples = `
Examples:
  rocoft ntk --model roberta-base --task sst2 --data glue/sst2 --prompt --shots 16 --parameters full --compare rocoft:rank=1 lora bitfit --output_dir kernels/sst2
  rocoft ntk --model rocoft-small --task mr --data mr --shots 16 --seeds 13 21 42 --compare rocoft:rank=3:update=column head --fine_tune --drift_steps 10 100 --output_dir kernels/mr
  rocoft ntk --model roberta-base --adapter runs/sst2 --task sst2 --data glue/sst2 --shots 16 --parameters adapter --output_dir kernels/trained

A set of parameters is a method's name, with its options and settings of training as name=value between colons, the parts of a list
joined by +; name= is what tables call it. The first set is the one that the others are compared with. What is measured is kept: the
same command goes on where it was interrupted. The report is report.html in the output folder.`;

export function command(): Command {
  const bare = new Command("rocoft ntk").description(
    "Measure the neural tangent kernels of what methods train, compare them, and classify with them.",
  );
  return addConfigFlags(addSettingFlags(addSettingFlags(bare, ntkFields), sharedFields))
    .addHelpText("after", examples)
    .action(async (flags: { json?: boolean }) => {
      const config = parseNtkConfig(await trainInput({ ...flags }));
      const study = await untilInterrupted(
        () => writeLine(process.stderr, "interrupted: what is measured is kept; the same command goes on from there"),
        (signal) =>
          runStudy(config, {
            signal,
            onEvent: createNtkProgress(process.stderr),
            onDownload: downloadProgress(process.stderr),
          }),
      );
      if (study)
        process.stdout.write(flags.json ? `${JSON.stringify(study)}\n` : shown(study, config.common.output_dir));
    });
}

function shown(study: KernelStudy, folder: string): string {
  const { parameterSets, classifiers, reference, metric } = study;
  const header = [
    "parameters",
    "numbers",
    ...(reference === undefined ? [] : ["alignment", "distance"]),
    ...classifiers,
  ];
  const rows = parameterSets.map(({ name, parameters }) => {
    const kernels = kernelsOf(study, name);
    const compared = kernels.flatMap(({ comparison }) => comparison ?? []);
    const spread = (values: readonly (number | null | undefined)[], scale = 1, digits = 3) =>
      formatSpread(
        values.filter((value) => typeof value === "number").map((value) => value * scale),
        digits,
      );
    return [
      name,
      formatCount(parameters),
      ...(reference === undefined
        ? []
        : [
            spread(compared.map((each) => each.centeredAlignment)),
            spread(compared.map((each) => each.normalizedDistance)),
          ]),
      ...classifiers.map((classifier) =>
        spread(
          kernels.map(({ scores }) => scores[classifier]),
          100,
          1,
        ),
      ),
    ];
  });
  const beside =
    reference === undefined ? "" : `; centred alignment and distance after normalisation are those with ${reference}`;
  return `${formatTable(header, rows)}\n\nScores are ${metric} in per cent on the test examples${beside}.\n${join(folder, studyFiles.report)}\n`;
}

/** The mean, and the standard deviation where there are several. */
function formatSpread(values: readonly number[], digits: number): string {
  if (values.length === 0) return "";
  const { mean, deviation } = meanAndDeviation(values);
  return deviation === undefined ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}
