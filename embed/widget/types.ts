// The wire shapes of the reader API, as far as the widget reads them.

/** A comment body: text, or an element of the small allow list in tree.ts. */
export type Tree = string | { t: string; c?: Tree[]; href?: string; start?: number }

export type Status = 'pending' | 'approved' | 'rejected' | 'spam' | 'deleted'

export interface Votes {
  up: number
  down: number
}

export interface Comment {
  id: string
  parent_id: string | null
  author: { name: string; kind: 'guest' | 'reader' | 'staff'; badge?: string }
  status: Status
  revision: number
  tree?: Tree[]
  created_at: string
  edited_at: string | null
  votes: Votes
  reply_count: number
  replies?: Listing
  /** Why it is not shown, for its author alone. */
  told?: Told | undefined
}

/** What the author of a comment is told of a decision. */
export interface Told {
  message: string
  appeal: { path: string; state: 'none' | 'open' | 'upheld' | 'overturned' } | null
}

export interface Listing {
  comments: Comment[]
  next_cursor: string | null
}

export interface Page {
  key: string
  url: string
  title: string
  open: boolean
}

export interface Options {
  votes: boolean
  guests: boolean
  live: boolean
  max_depth: number
  max_length: number
  language: string
  moderated: boolean
}

export type Sort = 'oldest' | 'newest' | 'top'

export interface Thread extends Listing {
  page: Page
  count: number
  sort: Sort
  options: Options
}

export interface Single {
  comment: Comment
  /** Root first; absent in the answer to an author with a token. */
  ancestors?: Comment[]
  /** The source, for the author alone. */
  text?: string
  statement?: Told
}

export interface Receipt {
  comment: Comment
  edit_token: string
  edit_until: string
}

/** What the loader read from the script or the element, and what it has already asked for. */
export interface Setup {
  /** The address of the site's routes, with a closing slash. */
  api: string
  /** Page key or address as the server is asked for it: `page=…`. */
  page: string
  url: string
  lang: string
  sort: Sort
  /** Absent with data-loading=click: nothing is asked for before the click. Null is no answer. */
  thread?: Promise<Response | null>
}

/** What the loader imports to show a thread. */
export interface Widget {
  /** Shows it inside the element; what it returns ends every request, timer and listener. */
  mount(host: HTMLElement, setup: Setup): () => void
}

/** What the loader imports to fill <afterword-count>. */
export interface Counter {
  ask(el: HTMLElement, setup: Setup): void
}
