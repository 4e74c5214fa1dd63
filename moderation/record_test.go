package moderation

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestARecordHalves(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r := Record{}.Count(true, 1, at).Count(false, 1, at.Add(HalfLife))
	if r.Good != 0.5 || r.Bad != 1 {
		t.Errorf("%+v", r)
	}
	if late := r.On(at.Add(3 * HalfLife)); late.Good != 0.125 || late.Bad != 0.25 {
		t.Errorf("%+v", late)
	}
	if back := r.On(at.Add(-time.Hour)); back != r {
		t.Errorf("a clock that goes backwards made %+v", back)
	}
}

// Whatever is counted, in whatever order, what is taken back leaves nothing.
func TestWhatIsTakenBackLeavesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for range 200 {
		type counted struct {
			good bool
			at   time.Time
		}
		var all []counted
		r, now := Record{}, start
		for range rng.IntN(20) {
			now = now.Add(time.Duration(rng.Int64N(int64(HalfLife))))
			c := counted{rng.IntN(2) == 0, now}
			all = append(all, c)
			r = r.Count(c.good, 1, c.at)
		}
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, c := range all {
			r = r.Count(c.good, -1, c.at)
		}
		if math.Abs(r.Good) > 1e-9 || math.Abs(r.Bad) > 1e-9 {
			t.Fatalf("after %d decisions and back: %+v", len(all), r)
		}
	}
}

func TestShares(t *testing.T) {
	for _, tt := range []struct{ good, bad, share, atLeast float64 }{
		{0, 0, 0.5, 0.025}, {8, 0, 0.9, 0.751}, {98, 0, 0.99, 0.974}, {0, 8, 0.1, 0}, {3, 3, 0.5, 0.226},
	} {
		r := Record{Good: tt.good, Bad: tt.bad}
		if math.Abs(r.Share()-tt.share) > 0.001 || math.Abs(r.AtLeast()-tt.atLeast) > 0.001 {
			t.Errorf("%v good, %v bad: %.3f, at least %.3f", tt.good, tt.bad, r.Share(), r.AtLeast())
		}
	}
}

func TestTheRecordIsTold(t *testing.T) {
	s := clean()
	s.Now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s.Author.Approved, s.Author.Rejected, s.Author.LastRejected = 41, 1, s.Now.Add(-250*24*time.Hour)
	s.Author.Record = Record{Good: 41, Bad: 1, At: s.Now}
	found, err := authorCheck{}.Examine(t.Context(), s)
	if err != nil || len(found) != 1 || found[0].Sentence != "41 of 42 approved, last rejected 8 months ago." || found[0].Data["at_least"] != "0.903" {
		t.Errorf("%+v, %v", found, err)
	}
	for _, tt := range []struct {
		since time.Duration
		want  string
	}{{-time.Hour, "today"}, {time.Hour, "today"}, {25 * time.Hour, "1 day ago"}, {29 * 24 * time.Hour, "29 days ago"}, {800 * 24 * time.Hour, "2 years ago"}} {
		if got := ago(tt.since); got != tt.want {
			t.Errorf("%v is %q", tt.since, got)
		}
	}
}

// What a person has said outranks the mode, holds and blocks, and gives way to
// what the site forbids.
func TestWhatPeopleSayIsWeighed(t *testing.T) {
	block := func(effect string) []Block {
		return []Block{{ID: "b1", Kind: "domain", Shown: "trash.example", Effect: effect}}
	}
	banned, err := CompileWords([]Word{{ID: "w1", List: ListBanned, Text: "vermin"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		standing Standing
		mode     Mode
		blocks   []Block
		text     string
		want     Lane
	}{
		{"nobody said anything", StandingNone, ModeOff, nil, "Fine.", LanePublish},
		{"trusted", StandingTrusted, ModeAll, nil, "Fine.", LanePublish},
		{"trusted, blocked", StandingTrusted, ModeAll, block("reject"), "Fine.", LanePublish},
		{"trusted, forbidden", StandingTrusted, ModeOff, nil, "You vermin.", LaneRefuse},
		{"premoderated", StandingPremoderated, ModeOff, nil, "Fine.", LaneQueue},
		{"muted", StandingMuted, ModeOff, nil, "Fine.", LaneSpam},
		{"to be seen first", StandingNone, ModeOff, block("review"), "Fine.", LaneQueue},
		{"blocked", StandingNone, ModeOff, block("reject"), "Fine.", LaneRefuse},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := clean()
			s.Now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			s.Site.Mode, s.Blocks, s.Words, s.Text, s.Plain = tt.mode, tt.blocks, banned, tt.text, tt.text
			s.Author.Said = Said{Standing: tt.standing, By: "grace", Reason: "known", Until: s.Now.Add(time.Second)}
			if v := Decide(s, New().Examine(t.Context(), s)); v.Lane != tt.want {
				t.Errorf("%+v", v)
			}
			s.Author.Said.Until = s.Now // it has ended
			ended := Decide(s, New().Examine(t.Context(), s)).Lane
			s.Author.Said = Said{}
			if without := Decide(s, New().Examine(t.Context(), s)).Lane; ended != without {
				t.Errorf("a standing that has ended makes %s of what is %s", ended, without)
			}
		})
	}
}
