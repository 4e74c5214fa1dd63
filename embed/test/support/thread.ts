// A small thread with everything in it that a comment can look like.
import type { Posted, Site } from './site'

export async function discussion(site: Site): Promise<Posted[]> {
  const root = await site.publish('I finish at ten, **five nights a week**. Without the late boat I need a bed on this side.', { name: 'Tamsin Orrell' })
  const reply = await site.publish('> a bed on this side\n\nThere are three things to try:\n\n- the hostel\n- a `shared` taxi\n- [the log](https://example.org/log)', { name: 'Brock Hensley', parent: root })
  const deep = await site.publish('A taxi on an island?', { name: 'Isla Fennimore', parent: reply })
  const other = await site.publish('Ohne das späte Schiff müssten wir um neun vom Tisch aufstehen.', { name: 'Maren Uhlig' })
  return [root, reply, deep, other]
}
