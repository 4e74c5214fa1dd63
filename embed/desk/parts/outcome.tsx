// What an action said or how it failed, beside its button. The live regions of
// the frame speak it, so that this is for eyes only.
export function Outcome({ note, error }: { note: string; error: string }) {
  if (error) return <p class="error">{error}</p>;
  return note ? <p class="good">{note}</p> : null;
}
