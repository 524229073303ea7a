const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });

/**
 * The sentences of an English text, without blanks around them, by Unicode's rules (UAX #29); a line's end is a sentence's.
 *
 * rougeLsum compares texts whose sentences stand in lines, which run_summarization has from nltk's punkt model. This is not
 * that model: a sentence ends at "Mr. Smith" here, and does not at "the end. and", before a small letter; the model has
 * both the other way round, so that rougeLsum of such texts differs a little. For the score of given sentences, give the text
 * with one in each line.
 */
export function sentencesOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment.trim()).filter((sentence) => sentence !== "");
}
