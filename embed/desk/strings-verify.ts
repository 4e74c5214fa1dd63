// The words of the page that verifies a call.
const many = (n: number, one: string) => (n === 1 ? `one ${one}` : `${n} ${one}s`);

export const tv = {
  title: 'Verify a call',
  intro:
    'Paste a call as your receiver got it, to see which part fails and why. Nothing that you paste here leaves this browser.',
  headers: 'Headers',
  headersHint: 'One a line, name: value; or a JSON object. Others than the three webhook headers do no harm.',
  body: 'Body',
  bodyHint: 'The raw body, byte for byte, before anything has parsed it.',
  secret: 'Signing secret, or public key',
  secretHint:
    'The endpoint’s secret checks signatures of version v1, a public key of the site (from /.well-known/afterword-webhooks.json?site=…) those of version v1a. Without either everything but the signature is checked. It stays in this browser.',
  check: 'Verify',
  good: 'The call is genuine.',
  partly: 'Nothing is wrong so far, but the signature was not checked.',
  bad: (n: number) => `${n === 1 ? 'One part is' : `${n} parts are`} at fault.`,
  unsafe: 'Browsers can verify signatures only on pages that came by https, or from this machine.',
  looks: { ok: 'In order', bad: 'At fault', skip: 'Not checked' },
  parts: { v1: 'Secret', v1a: 'Public key', match: 'Signature and body' },
  missing: 'The header is missing. Does a proxy or framework in front of the receiver drop it?',
  present: 'It is there.',
  idOk: 'It is there, and the body has the same id.',
  otherId: (id: string) => `It is not the id in the body, ${id}. The headers and the body are of two different calls.`,
  milliseconds: 'It is in milliseconds; the header carries whole seconds since 1970.',
  noNumber: 'It is not a whole number of seconds since 1970.',
  old: (by: string) =>
    `It is ${by} old; receivers refuse more than 5 minutes. Fine for a call that came some time ago; for one that came just now, the receiver’s clock is ahead.`,
  early: (by: string) => `It is ${by} in the future; receivers refuse more than 5 minutes. Is a clock behind?`,
  fresh: (by: string) => `It is ${by} old, within the 5 minutes that receivers allow.`,
  ahead: (by: string) => `It is ${by} in the future, within the 5 minutes that receivers allow.`,
  signatures: (n: number, version: string) =>
    `It has ${many(n, 'signature')} of version ${version}${n > 1 ? ': a secret is being rotated; one has to match' : ''}.`,
  none: {
    v1: 'It has no signature of version v1, which looks like v1,K5oZ…',
    v1a: 'It has no signature of version v1a, which looks like v1a,K5oZ… Only endpoints that ask for it get one.',
  },
  onlyV1a: 'It has only a signature of version v1a, which is made with a key pair and not with this secret.',
  cutSignature: (bytes: number) =>
    `Its signature is not the base64 of ${bytes} bytes, which has ${Math.ceil(bytes / 3) * 4} characters. Was it cut short?`,
  noSecret: 'None was given, so the signature was not checked.',
  privateKey: 'This is a private key, which nobody but the sender should have. The public one begins with whpk_.',
  noPrefix: 'It begins neither with whsec_ nor with whpk_. Copy all of it, and no quotes around it.',
  noBase64: 'What follows the underscore is not base64. Was a character lost, or a space added?',
  shortSecret: (bytes: number) => `It has ${many(bytes, 'byte')}; a secret has at least 24. Was it cut short?`,
  publicKeySize: (bytes: number) => `It has ${many(bytes, 'byte')}; a public key has 32. Was it cut short?`,
  keyOk: {
    v1: (bytes: number) => `It is well formed: ${bytes} bytes. The key is these bytes, not their text.`,
    v1a: () => 'It is well formed. Whoever has it can verify calls, and sign none.',
  },
  unknownToBrowser: 'This browser cannot verify ed25519 signatures; a newer one can, and so can `afterword webhook verify`.',
  matches: (at: number, of: number) =>
    of === 1 ? 'The signature is that of this id, time and body.' : `Signature ${at} of ${of} is that of this id, time and body.`,
  rewritten:
    'The signature is good for this JSON written without spaces: the body was parsed and written again. Verify the raw bytes, before anything parses them.',
  spaceAround: 'The signature is good without the space or line break at an end of the body. Was it added when it was read or pasted?',
  lineEnds: 'The signature is good with other line ends. Something has changed the line ends of the body.',
  idChanged: 'The signature is good for the id in the body: the webhook-id header has been changed.',
  noMatch: {
    v1: {
      rewritten:
        'No signature matches. The body has spaces that we do not send: it was probably parsed and written again. Verify the raw bytes; or the secret is that of another endpoint.',
      other: 'No signature matches. The secret is that of another endpoint or an older one, or the id, the time or the body was changed.',
    },
    v1a: {
      rewritten:
        'No signature matches. The body has spaces that we do not send: it was probably parsed and written again. Verify the raw bytes; or the public key is that of another site.',
      other: 'No signature matches. The public key is that of another site or an older one, or the id, the time or the body was changed.',
    },
  },
  receivers: 'A receiver',
  receiversHint:
    'Whole programs that read the raw body and compare in constant time. The secret comes from the environment. Keep the ids of the calls that you have taken: one may come twice.',
  language: 'Language',
};
