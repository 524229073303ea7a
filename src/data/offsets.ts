/**
 * Where in a text each of its tokens comes from. The tokenizer library gives no offsets; its steps are taken here over texts that know
 * what their characters come from, so that tokens and offsets are those of the Rust tokenizers.
 */
import { alignedNormalizer, type AlignedNormalizer } from "./aligned-normalizers.ts";
import { alignedPreTokenizer, type AlignedPreTokenizer } from "./aligned-pre-tokenizers.ts";
import { type AlignedText, alignedText, originOf, type Span, sliced } from "./aligned-text.ts";
import { correctPreTokenizer } from "./library-steps.ts";
import type { LibraryAddedToken, LibraryTokenizer, TokenizerFile } from "./library-tokenizer.ts";
import { modelPieces } from "./model-pieces.ts";
import { offsetTrims, trimmed } from "./offset-trimming.ts";

/** The tokens of a text alone, without special tokens around it. */
export interface OffsetTokens {
  readonly ids: readonly number[];
  /** Ranges of UTF-16 units of the text, one for each token. Tokens that are parts of one character have its range each. */
  readonly offsets: readonly Span[];
}

/** A token, what it stands for in the changed text, and where that comes from. */
interface Token extends Span {
  readonly id: number;
  readonly text: string;
}

/** An added token that was found in a text, or a part of the text without any. */
type Section = { readonly found: Token } | { readonly rest: AlignedText };

/**
 * The function that gives the tokens of a text with their offsets.
 * @param file the tokenizer.json, which `library` was made of; `where` names it in errors
 * @throws Error beginning with `where` for a step whose offsets are not known.
 */
export function offsetTokenizer(
  file: TokenizerFile,
  library: LibraryTokenizer,
  where: string,
): (text: string) => OffsetTokens {
  const { normalize, cut } = stepsOf(file, where);
  const pieces = modelPieces(library.model);
  const trims = offsetTrims(file.post_processor);
  const tokensOf = (text: AlignedText, first: boolean): Token[] => {
    const tokens = cut(text, first).flatMap((word) =>
      pieces(word.text).map(({ token, begin, end }): Token => {
        const id = library.token_to_id(token) ?? library.model.unk_token_id;
        if (id === undefined) throw new Error(`${where}: no id for ${JSON.stringify(token)}`);
        return { id, text: token, ...originOf(word, begin, end) };
      }),
    );
    return library.model.fuse_unk ? fused(tokens, library.model.unk_token_id) : tokens;
  };
  return (text) => {
    const whole = sections(alignedText(text), library.splitter_unnormalized, library.added_tokens_map);
    const tokens = whole.flatMap((section, i) => {
      if ("found" in section) return [section.found];
      const inner = sections(normalize(section.rest), library.splitter_normalized, library.added_tokens_map);
      return inner.flatMap((part) => ("found" in part ? [part.found] : tokensOf(part.rest, i === 0)));
    });
    const shown = trims.reduce<readonly Token[]>((all, trim) => all.map((token) => trimmed(token, trim, text)), tokens);
    return { ids: tokens.map(({ id }) => id), offsets: shown.map(({ begin, end }) => ({ begin, end })) };
  };
}

function stepsOf(
  { normalizer, pre_tokenizer: preTokenizer }: TokenizerFile,
  where: string,
): { normalize: AlignedNormalizer; cut: AlignedPreTokenizer } {
  try {
    return {
      normalize: alignedNormalizer(normalizer),
      cut: alignedPreTokenizer(preTokenizer && correctPreTokenizer(preTokenizer, normalizer)),
    };
  } catch (error) {
    throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** A text cut where the library finds added tokens, to which the blanks belong that they strip. */
function sections(
  aligned: AlignedText,
  splitter: LibraryTokenizer["splitter_normalized"],
  added: ReadonlyMap<string, LibraryAddedToken>,
): Section[] {
  const parts = splitter.split(aligned.text);
  const found: Section[] = [];
  let begin = 0;
  let end = 0;
  for (const [i, part] of parts.entries()) {
    end += part.length;
    const next = parts[i + 1] ?? "";
    const token = added.get(part);
    const stop = token
      ? end + (token.rstrip ? next.length - next.trimStart().length : 0)
      : begin + (added.get(next)?.lstrip ? aligned.text.slice(begin, end).trimEnd().length : end - begin);
    const rest = sliced(aligned, begin, stop);
    if (token) found.push({ found: { id: token.id, text: rest.text, ...originOf(aligned, begin, stop) } });
    else if (rest.text !== "") found.push({ rest });
    begin = stop;
  }
  return found;
}

/** Neighbours that are unknown as one. */
function fused(tokens: readonly Token[], unknown: number | undefined): Token[] {
  const result: Token[] = [];
  for (const token of tokens) {
    const last = result.at(-1);
    if (last && last.id === unknown && token.id === unknown)
      result[result.length - 1] = { ...token, begin: last.begin };
    else result.push(token);
  }
  return result;
}
