// One function that speaks to the server, and one shape for all that can go wrong.

/** What went wrong: status 0 means that no answer came. */
export interface Problem {
  status: number
  code: string
  detail?: string
  fields?: { name: string; code: string; detail: string }[]
  /** When a ban or a suspension ends. */
  until?: string
  /** Seconds to wait, of a 429 or 503. */
  wait?: number
}

export interface Call {
  method?: string
  body?: unknown
  token?: string | undefined
  /** Idempotency-Key. */
  key?: string
}

export type Api = <T>(path: string, call?: Call) => Promise<T>

/** The answer's JSON, or a thrown Problem. */
export async function answer<T>(response: Promise<Response | null>): Promise<T> {
  const got = await response.catch(() => null)
  const body = await got?.json().catch(() => null)
  if (got?.ok && (body || got.status === 204)) return body
  const wait = Number(got?.headers.get('Retry-After'))
  throw { code: 'network', ...body, status: got?.status ?? 0, wait } as Problem
}

/** Calls below the site's address; `path` is relative to it. Gives up after 20 seconds. */
export function caller(base: string): Api {
  return (path, { method, body, token, key } = {}) => {
    const headers: Record<string, string> = {}
    if (body) headers['Content-Type'] = 'application/json'
    if (token) headers.Authorization = 'Bearer ' + token
    if (key) headers['Idempotency-Key'] = key
    const signal = AbortSignal.timeout(20000)
    return answer(fetch(base + path, {
      // What a reader has done reaches the server though they leave the page at once.
      method: method!, headers, signal, keepalive: !!method, credentials: 'omit', body: body ? JSON.stringify(body) : null,
    }))
  }
}
