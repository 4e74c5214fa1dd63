// Where the desk stands. The server may be mounted below any path, so every
// address follows from that of the desk's own scripts, in assets/.
const top = new URL('..', import.meta.url).pathname;

/** Below which the API lies, with a closing slash. */
export const api = `${top}api/v1/`;
/** The desk's own address, with a closing slash. */
export const home = `${top}admin/`;
