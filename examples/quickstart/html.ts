/** The text of an HTML mail: what a reader would see, without its looks. */
import { compile } from "html-to-text";

/** `html` as lines of text: without the addresses of links, without pictures, tables cell by cell. */
export const htmlToText: (html: string) => string = compile({
  wordwrap: false,
  selectors: [
    { selector: "a", options: { ignoreHref: true } },
    ...["title", "img", "hr"].map((selector) => ({ selector, format: "skip" })),
    ...["h1", "h2", "h3", "h4", "h5", "h6"].map((selector) => ({ selector, options: { uppercase: false } })),
    { selector: "ul", options: { itemPrefix: " " } },
  ],
});

/** Whether a text that calls itself plain is HTML all the same, as many spams are. */
export function looksLikeHtml(text: string): boolean {
  return (text.match(/<(?:html|body|table|tr|td|font|center|p|br|div|a)\b[^>]*>/gi)?.length ?? 0) >= 3;
}
