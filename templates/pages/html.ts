/**
 * HTML that escapes by default. ghtml decides by a "!" before an expression what passes unescaped, which a sentence that
 * ends in an exclamation mark does by accident; here only what `html` itself made passes.
 */
import { html as ghtml } from 'ghtml'

/** Text that is HTML already. Only {@link html} makes it. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }

  /** The same with the text between its tags changed, by something that makes no tag of it. */
  replaceText(change: (text: string) => string): Html {
    return new Html(this.text.replaceAll(/(?<=^|>)[^<>]+(?=<|$)/g, change))
  }
}

/** What may stand in a template: words, which are escaped; HTML; lists of both; nothing. */
export type Content = string | number | Html | readonly Content[] | undefined | null | false

/** A piece of HTML: html`<p>${words}</p>`. Attributes stand in quotation marks. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(strings.reduce((done, text, i) => `${done}${written(contents[i - 1])}${text}`))
}

function written(content: Content): string {
  if (content === undefined || content === null || content === false) return ''
  if (content instanceof Html) return content.text
  if (typeof content === 'object') return content.map(written).join('')
  return ghtml`${String(content)}`
}
