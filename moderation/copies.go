package moderation

import (
	"hash/maphash"
	"slices"
	"sync"
	"time"
)

// Copies finds, among the newest comments of an installation, those that say
// nearly the same as a given one. It holds sketches and numbers, no text, and no
// more comments than its capacity. It is safe for use by many goroutines at once.
//
// Comments are numbered in the order in which they come and kept in a ring. Each
// band of the index is a table of chains: the table has the newest number with a
// key, each comment the number before it with the same key. A number that has left
// the ring ends its chain, as all that follow are older, so nothing ever has to be
// taken out of a chain.
type Copies struct {
	capacity int
	life     time.Duration
	seed     maphash.Seed

	mu     sync.Mutex
	ring   []*[ringPiece]copyEntry
	first  uint32 // number of the oldest comment
	next   uint32 // number of the next one
	heads  [sketchBands]headTable
	byID   map[string]uint32
	groups map[string]*copyGroup
	search uint32 // counts the searches
}

const (
	headBits = 15
	// chainMost is how many comments of a chain are looked at, newest first.
	chainMost = 32
	// membersMost is of how many members of a group, the newest, the authors and
	// pages are counted.
	membersMost = 200
	// adoptMost is how many comments one copy brings into its group.
	adoptMost = 8
)

// headTable has the newest number with each key of a band, in pieces that are made
// when something falls into them: a small newspaper needs few.
type headTable [1 << headBits / headPiece]*[headPiece]uint32

const headPiece = 64

// ringPiece is how many comments of the ring are made at once.
const ringPiece = 512

// newest is the newest number with a key, 0 for none.
func (t *headTable) newest(key uint32) uint32 {
	if piece := t[key/headPiece]; piece != nil {
		return piece[key%headPiece]
	}
	return 0
}

// put makes n the newest number with a key, and gives the one before it.
func (t *headTable) put(key, n uint32) (before uint32) {
	piece := &t[key/headPiece]
	if *piece == nil {
		*piece = new([headPiece]uint32)
	}
	before = (*piece)[key%headPiece]
	(*piece)[key%headPiece] = n
	return before
}

// copyEntry is a comment in the ring.
type copyEntry struct {
	sketch  Sketch
	fate    Fate
	gone    bool                // erased, or here once more with a newer text
	listed  bool                // the store knows the group
	before  [sketchBands]uint32 // with the same key
	met     uint32              // the last search that came by
	sibling uint32              // the member of the group before it
	id      string
	group   string // "" = alone
	site    uint64
	author  uint32
	page    uint32
	at      int64 // microseconds
	seq     int64 // of the last event that was heard of it
}

// copyGroup is what is counted of a group.
type copyGroup struct {
	newest   uint32
	members  int
	rejected int
	people   map[uint64]verdicts // by site
}

// verdicts are how often people have turned members of a group down, or approved them.
type verdicts struct{ turned, accepted int }

// Fate is what has become of a comment, as far as its copies care.
type Fate uint8

// The fates.
const (
	FateOpen     Fate = iota // waits, is deleted, or was published without anybody's decision
	FateRefused              // rejected or spam, by an automation
	FateTurned               // rejected or spam, by a person
	FateAccepted             // approved by a person
)

// Copied is a comment as the index takes it.
type Copied struct {
	ID     string
	Site   string
	Author string
	Page   string
	Group  string // that it is known to be in, "" for none
	Sketch Sketch
	Fate   Fate
	At     time.Time
	Seq    int64 // of the event that tells of it, 0 = it is not logged yet
}

// Group is what a comment has in common with others, on all sites of the
// installation. It holds no text and names nobody. The zero value is no group.
type Group struct {
	ID       string // of its first comment
	Count    int    // other comments in it
	Authors  int    // of the newest 200 of them
	Pages    int    // of the newest 200 of them
	Rejected int    // rejected or spam, by whomever
	Turned   int    // of them on this site, by people
	Accepted int    // approved on this site, by people
	// Adopt are comments of this site that were in no group when they came and
	// are in this one now. They are named until Adopted says that it is stored.
	Adopt []string
}

// NewCopies makes an empty index of at most capacity comments that are no older
// than life.
func NewCopies(capacity int, life time.Duration) *Copies {
	return &Copies{
		capacity: capacity, life: life, seed: maphash.MakeSeed(), first: 1, next: 1,
		byID: map[string]uint32{}, groups: map[string]*copyGroup{},
	}
}

// Place looks for copies of c and takes it in, in one step, so that of two that
// come at the same time one sees the other. A comment that is there already takes
// its new text and is no copy of itself. The group is the one that c is in now,
// the zero Group if it is like no other.
func (x *Copies) Place(c Copied) (g Group) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.drop(c.ID)
	if !c.Sketch.Comparable() {
		return g
	}
	e := x.entry(c)
	g = x.find(&e)
	x.push(e)
	return g
}

// Look is Place without taking c in: the text that it had before, if it had one,
// goes on counting.
func (x *Copies) Look(c Copied) Group {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !c.Sketch.Comparable() {
		return Group{}
	}
	e := x.entry(c)
	return x.find(&e)
}

// find puts e into the group of the comment that it is most like.
func (x *Copies) find(e *copyEntry) (g Group) {
	e.group, e.listed = "", false
	if like, alone := x.nearest(e); like != 0 {
		e.group = x.groupOf(like)
		e.listed = true
		g = x.describe(e)
		g.Adopt = x.adopt(e, alone)
	}
	return g
}

// adopt puts those that were alone into the group of e, and names them and the
// group's first comment as far as the store does not know.
func (x *Copies) adopt(e *copyEntry, alone []uint32) (ids []string) {
	for _, n := range alone {
		if m := x.at(n); m.group == "" {
			m.group = e.group
			x.join(m, n)
		}
	}
	for _, n := range append(alone, x.byID[e.group]) {
		m := x.at(n)
		if m != nil && m.site == e.site && m.group == e.group && !m.listed && !slices.Contains(ids, m.id) {
			ids = append(ids, m.id)
		}
	}
	return ids
}

// Adopted notes that the store knows the group of these comments.
func (x *Copies) Adopted(ids []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, id := range ids {
		if e := x.at(x.byID[id]); e != nil {
			e.listed = true
		}
	}
}

// Take takes in a comment whose group is known: one that another process has
// placed, or that comes from the store. One that is there already, by this event
// or a later one, stays as it is.
func (x *Copies) Take(c Copied) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if n := x.byID[c.ID]; n != 0 {
		held := x.at(n)
		switch {
		case held.seq >= c.Seq:
			return
		case held.sketch == c.Sketch: // placed by this process, and logged now
			x.settle(held, c.Fate)
			held.seq = c.Seq
			return
		}
		x.drop(c.ID)
	}
	if !c.Sketch.Comparable() {
		return
	}
	if n := x.byID[c.Group]; n != 0 {
		x.groupOf(n)
	}
	x.push(x.entry(c))
}

// Logged notes that the log tells of a comment that Place took in, and reports
// whether it is here and the log had not told of it before.
func (x *Copies) Logged(id string, seq int64) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.at(x.byID[id])
	if e == nil || e.seq > 0 {
		return false
	}
	e.seq = seq
	return true
}

// Settle notes what has become of a comment, unless a later event has told it.
func (x *Copies) Settle(id string, fate Fate, seq int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if n := x.byID[id]; n != 0 && x.at(n).seq < seq {
		e := x.at(n)
		e.seq = seq
		x.settle(e, fate)
	}
}

// Forget takes a comment out: it was erased, or did not come to be.
func (x *Copies) Forget(id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.drop(id)
}

// Len is the number of comments that are held.
func (x *Copies) Len() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.byID)
}

func (x *Copies) entry(c Copied) copyEntry {
	return copyEntry{
		sketch: c.Sketch, fate: c.Fate, group: c.Group, listed: c.Group != "", id: c.ID, at: c.At.UnixMicro(), seq: c.Seq,
		site: x.number(c.Site, ""), author: uint32(x.number(c.Site, c.Author)), page: uint32(x.number(c.Site, c.Page)),
	}
}

// number stands for a name of a site.
func (x *Copies) number(site, name string) uint64 {
	return maphash.String(x.seed, site) ^ mix(maphash.String(x.seed, name))
}

// at is the entry of a number, nil if it has left the ring.
func (x *Copies) at(n uint32) *copyEntry {
	if n < x.first || n >= x.next {
		return nil
	}
	i := int(n) % x.capacity
	return &x.ring[i/ringPiece][i%ringPiece]
}

// groupOf is the group of a comment; one that was alone begins one.
func (x *Copies) groupOf(n uint32) string {
	e := x.at(n)
	if e.group == "" {
		e.group = e.id
		x.join(e, n)
	}
	return e.group
}

func (x *Copies) join(e *copyEntry, n uint32) {
	g := x.groups[e.group]
	if g == nil {
		g = &copyGroup{people: map[uint64]verdicts{}}
		x.groups[e.group] = g
	}
	e.sibling, g.newest = g.newest, n
	g.count(e, 1)
}

// count adds a member to the figures of its group, or takes it away.
func (g *copyGroup) count(e *copyEntry, by int) {
	g.members += by
	v := g.people[e.site]
	switch e.fate {
	case FateRefused:
		g.rejected += by
	case FateTurned:
		g.rejected += by
		v.turned += by
	case FateAccepted:
		v.accepted += by
	}
	g.people[e.site] = v
}

func (x *Copies) settle(e *copyEntry, fate Fate) {
	g := x.groups[e.group]
	if g != nil {
		g.count(e, -1)
	}
	e.fate = fate
	if g != nil {
		g.count(e, 1)
	}
}

// drop takes the comment with this id out of everything but its chains.
func (x *Copies) drop(id string) {
	n := x.byID[id]
	if n == 0 {
		return
	}
	e := x.at(n)
	e.gone = true
	delete(x.byID, id)
	if g := x.groups[e.group]; g != nil {
		g.count(e, -1)
		if g.members == 0 {
			delete(x.groups, e.group)
		}
	}
}

// push takes an entry in under the next number, and lets go what is too old or
// one too many.
func (x *Copies) push(e copyEntry) {
	for x.first < x.next && (int(x.next-x.first) >= x.capacity || x.at(x.first).at < e.at-x.life.Microseconds()) {
		if old := x.at(x.first); !old.gone {
			x.drop(old.id)
		}
		x.first++
	}
	n := x.next
	x.next++
	for i := range x.heads {
		e.before[i] = x.heads[i].put(e.sketch.band(i), n)
	}
	if i := int(n) % x.capacity / ringPiece; i == len(x.ring) {
		x.ring = append(x.ring, new([ringPiece]copyEntry))
	}
	at := x.at(n)
	*at = e
	x.byID[e.id] = n
	if e.group != "" {
		x.join(at, n)
	}
}

// nearest is the number of the comment that is most like e, the newest of those
// that are equally like it, 0 for none. alone are others on its site that are
// like it and in no group the store knows of.
func (x *Copies) nearest(e *copyEntry) (best uint32, alone []uint32) {
	most, own := 0, x.byID[e.id]
	x.search++
	for i := range x.heads {
		n := x.heads[i].newest(e.sketch.band(i))
		for range chainMost {
			m := x.at(n)
			if m == nil {
				break
			}
			if m.met != x.search {
				m.met = x.search
				if same := e.sketch.agree(&m.sketch); enough(&e.sketch, &m.sketch, same) && !m.gone && n != own {
					if same > most {
						best, most = n, same
					}
					if !m.listed && m.group == "" && m.site == e.site && len(alone) < adoptMost {
						alone = append(alone, n)
					}
				}
			}
			n = m.before[i]
		}
		if most == sketchSize {
			break
		}
	}
	return best, alone
}

// describe tells of the group of e, which is not in it yet.
func (x *Copies) describe(e *copyEntry) Group {
	g := x.groups[e.group]
	if own := x.at(x.byID[e.id]); own != nil && own.group == e.group { // with its text before the edit
		g.count(own, -1)
		defer g.count(own, 1)
	}
	v := g.people[e.site]
	out := Group{ID: e.group, Count: g.members, Rejected: g.rejected, Turned: v.turned, Accepted: v.accepted}
	var authors, pages [membersMost]uint32
	seen := 0
	for m := x.at(g.newest); m != nil && seen < membersMost; m = x.at(m.sibling) {
		if m.gone || m.id == e.id {
			continue
		}
		authors[seen], pages[seen] = m.author, m.page
		seen++
	}
	out.Authors, out.Pages = distinct(authors[:seen]), distinct(pages[:seen])
	return out
}

// distinct counts the different ones of at most membersMost hashes.
func distinct(all []uint32) (n int) {
	const slots = 512 // a power of two, well above membersMost
	var table [slots]uint32
	for _, h := range all {
		h |= 1 // 0 is a free slot
		at := h >> 1 % slots
		for table[at] != 0 && table[at] != h {
			at = (at + 1) % slots
		}
		if table[at] == 0 {
			table[at] = h
			n++
		}
	}
	return n
}
