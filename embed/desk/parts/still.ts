// Keeps what is being read where it is. `hold` notes the place of a row before
// the list changes; the list calls `restore` after it was redrawn. Where the
// page cannot scroll far enough, spare room at the top makes up for the rest
// until the reader moves on.

const kept: { element: HTMLElement | null; top: number } = { element: null, top: 0 };

const spare = () => document.getElementById('spare-room');

export function hold(id: string) {
  const element = document.getElementById(`row-${id}`);
  if (!element || kept.element) return;
  kept.element = element;
  kept.top = element.getBoundingClientRect().top;
}

export function restore() {
  const { element, top } = kept;
  kept.element = null;
  if (!element?.isConnected) return;
  const shift = () => element.getBoundingClientRect().top - top;
  if (Math.abs(shift()) < 1) return;
  scrollBy({ top: shift(), behavior: 'instant' });
  const rest = -shift();
  const room = spare();
  if (room && rest >= 1) room.style.height = `${room.offsetHeight + rest}px`;
}

export function release() {
  const room = spare();
  if (room) room.style.height = '0';
}

export function inView(id: string): boolean {
  const box = document.getElementById(`row-${id}`)?.getBoundingClientRect();
  return Boolean(box && box.bottom > 0 && box.top < innerHeight);
}
