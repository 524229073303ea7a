/** Masked language modelling: any file with a column of text, or plain text whose paragraphs a blank line divides. */
import { findTextColumns } from "./columns.ts";
import { languageModelling, type TaskDefinition } from "./task.ts";

const name = "masked-language-model";

/** A model learns to fill gaps in texts, which need no labels. */
export const maskedLanguageModel: TaskDefinition = {
  name,
  forms: { textColumns: [], labelColumns: [], headerless: [] },
  resolve: (training, where, options) => {
    if (options.textPairColumn !== undefined || options.labelColumn !== undefined)
      throw new Error(`${name}: a second text or a label column given, expected a text_column alone`);
    const [text, second] = findTextColumns(training.columns, where, options);
    if (second !== undefined)
      throw new Error(`${where}: texts in the columns ${text} and ${second}, expected one, or a given text_column`);
    return { name, ...languageModelling, textColumns: [[text]], labelColumns: [], headerless: [] };
  },
};
