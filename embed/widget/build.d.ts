// What the build puts into the sources.

/**
 * The messages by key, in the language that the file is built for: the words
 * themselves take the place of the keys. Only TEXT.key is understood, not TEXT[key].
 */
declare const TEXT: typeof import('./locales/en.json')

/** The language that the file is built for. */
declare const LANG: string

/** The languages that there are, as a pattern for the beginning of a tag. */
declare const LANGUAGES: string

/** What the names of one build's chunks end with. */
declare const EDITION: string

/** Stylesheets are inlined as minified text. */
declare module '*.css' {
  const text: string
  export default text
}
