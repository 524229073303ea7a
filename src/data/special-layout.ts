/** Where special tokens go around one or two texts, read from the `post_processor` of a tokenizer.json. */
import * as z from "zod";
import { parse } from "./parse.ts";

/** A place in a sequence: special tokens, or the tokens of text 0 or 1; with the type id of its tokens. */
export type Piece =
  | { readonly ids: readonly number[]; readonly typeId: number }
  | { readonly text: 0 | 1; readonly typeId: number };

/** The pieces of a sequence of one text and of a pair. */
export interface SpecialLayout {
  readonly single: readonly Piece[];
  readonly pair: readonly Piece[];
}

/** The number of tokens that `pieces` add to the texts. */
export function specialCount(pieces: readonly Piece[]): number {
  return pieces.reduce((count, piece) => count + ("ids" in piece ? piece.ids.length : 0), 0);
}

const plain: SpecialLayout = {
  single: [{ text: 0, typeId: 0 }],
  pair: [
    { text: 0, typeId: 0 },
    { text: 1, typeId: 1 },
  ],
};

const readers: Readonly<Record<string, (processor: unknown, where: string) => SpecialLayout>> = {
  TemplateProcessing: readTemplate,
  BertProcessing: (processor, where) => {
    const { cls, sep } = parse(clsAndSep, processor, where, "post_processor");
    return aroundTexts(special(cls, 0), [special(sep, 0)], 1, special(sep, 1));
  },
  RobertaProcessing: (processor, where) => {
    const { cls, sep } = parse(clsAndSep, processor, where, "post_processor");
    return aroundTexts(special(cls, 0), [special(sep, 0), special(sep, 0)], 0, special(sep, 0));
  },
  ByteLevel: () => plain,
  Sequence: readSequence,
};

/**
 * The layout of `postProcessor`; without one, texts stand bare, the second with type id 1.
 * @throws Error beginning with `where` for a processor of an unknown type or with missing parts.
 */
export function readSpecialLayout(postProcessor: unknown, where: string): SpecialLayout {
  if (postProcessor === null || postProcessor === undefined) return plain;
  const { type } = parse(z.looseObject({ type: z.string() }), postProcessor, where, "post_processor");
  const read = Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (!read) {
    const known = Object.keys(readers).join(", ");
    throw new Error(`${where}: post_processor of type ${JSON.stringify(type)}, expected one of ${known}`);
  }
  return read(postProcessor, where);
}

const clsAndSep = z.looseObject({ cls: z.tuple([z.string(), z.int()]), sep: z.tuple([z.string(), z.int()]) });

function special([, id]: readonly [string, number], typeId: number): Piece {
  return { ids: [id], typeId };
}

function aroundTexts(first: Piece, between: readonly Piece[], secondTypeId: number, last: Piece): SpecialLayout {
  const text = { text: 0, typeId: 0 } as const;
  return {
    single: [first, text, between[0]!],
    pair: [first, text, ...between, { text: 1, typeId: secondTypeId }, last],
  };
}

const template = z.array(
  z.union([
    z.object({ SpecialToken: z.object({ id: z.string(), type_id: z.int() }) }),
    z.object({ Sequence: z.object({ id: z.enum(["A", "B"]), type_id: z.int() }) }),
  ]),
);
const templateProcessing = z.looseObject({
  single: template,
  pair: template,
  special_tokens: z.record(z.string(), z.looseObject({ ids: z.array(z.int()) })),
});

function readTemplate(processor: unknown, where: string): SpecialLayout {
  const { single, pair, special_tokens: tokens } = parse(templateProcessing, processor, where, "post_processor");
  const pieces = (name: string, items: z.infer<typeof template>, texts: number): Piece[] => {
    const read = items.map((item): Piece => {
      if ("Sequence" in item) return { text: item.Sequence.id === "A" ? 0 : 1, typeId: item.Sequence.type_id };
      const { id, type_id: typeId } = item.SpecialToken;
      const token = Object.hasOwn(tokens, id) ? tokens[id] : undefined;
      if (!token)
        throw new Error(`${where}: post_processor.${name} names ${JSON.stringify(id)}, which special_tokens lacks`);
      return { ids: token.ids, typeId };
    });
    const met = read.flatMap((piece) => ("text" in piece ? [piece.text] : [])).sort();
    if (met.join() !== [0, 1].slice(0, texts).join()) {
      throw new Error(
        `${where}: post_processor.${name} holds the texts [${met.join(", ")}], expected each of ${texts} once`,
      );
    }
    return read;
  };
  return { single: pieces("single", single, 1), pair: pieces("pair", pair, 2) };
}

function readSequence(processor: unknown, where: string): SpecialLayout {
  const { processors } = parse(z.looseObject({ processors: z.array(z.unknown()) }), processor, where, "post_processor");
  const adding = processors.map((inner) => readSpecialLayout(inner, where)).filter((layout) => layout !== plain);
  if (adding.length > 1) {
    throw new Error(`${where}: post_processor of ${adding.length} processors that add tokens, expected at most one`);
  }
  return adding[0] ?? plain;
}
