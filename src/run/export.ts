/** A model written in the form that another program reads; a table of these forms. */
import { unknownName } from "../errors/unknown-name.ts";
import { onnx } from "./export-onnx.ts";
import { adapters, lora, peft } from "./export-adapter.ts";
import type { LoadedModel, ModelSource, OnDownload } from "./loaded.ts";
import { loadModel } from "./open.ts";
import { checkOutput, refuseSameFolder } from "./output.ts";

/** What was written. */
export interface Exported {
  readonly folder: string;
  readonly format: string;
  /** The names of the files, in the folder. */
  readonly files: readonly string[];
}

export interface ExportFormat {
  /** One sentence for help. */
  readonly summary: string;
  /**
   * Writes the files into `output`, whole or not at all, and gives their names.
   * @throws Error in one line when the format has no room for what the model is.
   */
  write(loaded: LoadedModel, output: string, options: { readonly overwrite: boolean }): Promise<readonly string[]>;
}

/** The formats by name; the only list of them. */
export const exportFormats: Readonly<Record<string, ExportFormat>> = { peft, lora, adapters, onnx };

export interface ExportOptions {
  readonly format: string;
  readonly overwrite?: boolean;
  readonly onDownload?: OnDownload;
}

/**
 * Writes a model in another form.
 * @throws Error in one line when the form has no room for it, or the output folder cannot be used; nothing is left half-written.
 */
export async function exportModel(
  source: ModelSource,
  output: string,
  { format: name, overwrite = false, onDownload }: ExportOptions,
): Promise<Exported> {
  const format = exportFormats[name];
  if (!format) throw unknownName("format: unknown format", name, Object.keys(exportFormats));
  await checkOutput(output, { overwrite });
  const loaded = await loadModel({ ...source, quantization: "none" }, onDownload);
  const read = [loaded.opened.folder.folder, "run" in source ? source.run : source.adapter];
  for (const folder of read) if (folder !== undefined) await refuseSameFolder(output, folder);
  return { folder: output, format: name, files: await format.write(loaded, output, { overwrite }) };
}
