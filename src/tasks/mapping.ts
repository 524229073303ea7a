/** Words for labels, as people write them in one line. */
import { quote } from "../formats/text.ts";

/** `label:word`, either in quotes or not. */
const pair = /^\s*(?:"([^"]+)"|'([^']+)'|([^:'"]+?))\s*:\s*(?:"([^"]+)"|'([^']+)'|([^'"]+?))\s*$/;

/**
 * Labels with their words, in the order they are written: `0:terrible,1:great`, JSON (`{"0": "terrible", "1": "great"}`), or as
 * LM-BFF's commands have it (`{0:'terrible',1:'great'}`).
 * @throws Error in one line for anything else.
 */
export function readMapping(text: string): (readonly [label: string, word: string])[] {
  const inner = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1] ?? text;
  return (inner.match(/(?:"[^"]*"|'[^']*'|[^,"'])+/g) ?? [""]).map((part) => {
    const [, ...found] = pair.exec(part) ?? [];
    const [label, word] = found.filter((piece) => piece !== undefined);
    if (label === undefined || word === undefined)
      throw new Error(`mapping: ${quote(text)}, expected a word for each label (0:terrible,1:great, or JSON)`);
    return [label, word];
  });
}
