package bench

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/bench/load"
	"github.com/afterword-comments/afterword/internal/bench/raw"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
)

// sides gives the rates one after the other, and notes whose turn it was.
func sides(turns *[]string, name string, rates ...int) side {
	return func(context.Context) (*load.Sample, error) {
		*turns = append(*turns, name)
		s := &load.Sample{Done: rates[0], Took: time.Second}
		s.Waits.Record(time.Duration(rates[0]) * time.Millisecond)
		rates = rates[1:]
		return s, nil
	}
}

// TestCompare: the ratio is the middle of the rounds' own, not that of the
// middles, and the sides take turns at going first.
func TestCompare(t *testing.T) {
	var turns []string
	v, err := compare(context.Background(), 3, sides(&turns, "it", 50, 5, 80), sides(&turns, "floor", 100, 20, 100))
	if err != nil {
		t.Fatal(err)
	}
	if v.ratio != 0.5 || v.best() != 0.8 || v.it.Rate != 50 || v.floor.Rate != 100 {
		t.Errorf("got %+v", v)
	}
	if diff := cmp.Diff([]string{"floor", "it", "it", "floor", "floor", "it"}, turns); diff != "" {
		t.Error(diff)
	}
	broken := func(context.Context) (*load.Sample, error) { return nil, errors.New("no") }
	if _, err := compare(context.Background(), 1, broken, broken); err == nil {
		t.Error("a side that fails has been compared")
	}
}

func TestLostRatios(t *testing.T) {
	accepted := Ratios{"read": 0.8, "write": 0.5, "gone": 0.4}
	lost := accepted.lost(Ratios{"read": 0.65, "write": 0.39, "new": 1})
	want := []string{"gone: 0, accepted 0.4", "write: 0.39, accepted 0.5"}
	if diff := cmp.Diff(want, lost); diff != "" {
		t.Error(diff)
	}
	file := filepath.Join(t.TempDir(), "ratios.json")
	if err := accepted.Write(file); err != nil {
		t.Fatal(err)
	}
	read, err := ReadRatios(file)
	if diff := cmp.Diff(accepted, read); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func example() *Report {
	v := versus{it: Measure{Rate: 12345, P50MS: 1, P99MS: 4}, floor: Measure{Rate: 20000, P50MS: 0.5, P99MS: 2}, ratio: 0.62, fastest: 14000, floorFastest: 20000}
	r := &Report{Version: "1", Date: "2026-11-23", Machine: Machine{CPU: "A <fast> one", Cores: 2, Engine: "SQLite 3"}, Data: Data{Comments: 5, Pages: 2, Threads: []int{2, 3}}}
	r.Lines = []Line{
		v.line("read-x", "first page of x & y, 32 connections", "answers/s", "a floor", atLeast("ratio", v.ratio, 0.8), atMost("p99 / floor's p99", v.p99Ratio(), 3)),
		v.line("write-16", "comments accepted, 16 clients", "comments/s", "a floor"),
		{ID: "rest", Title: "at rest", Unit: "MiB", Value: 30, Bars: []Bar{atMost("MiB", 30, 40)}},
	}
	return r
}

func TestMarkdown(t *testing.T) {
	want := `| first page of x & y, 32 connections | 12,350 answers/s | 1 ms | 4 ms | 20,000 | 2 ms | 0.62 | ratio ≥ 0.8: **missed**; p99 / floor's p99 ≤ 3: met |
| comments accepted, 16 clients | 12,350 comments/s | 1 ms | 4 ms | 20,000 | 2 ms | 0.62 |  |
| at rest | 30 MiB |  |  |  |  |  | MiB ≤ 40: met |
`
	got := example().Markdown()
	if _, rows, _ := strings.Cut(got, "---|\n"); rows != want {
		t.Error(cmp.Diff(want, rows))
	}
}

// TestPublish: what stands beside the marks stays, the charts are XML, and what
// is in them is text.
func TestPublish(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "performance.md")
	if err := os.WriteFile(page, []byte("before\n<!-- bench:sqlite -->\nold\n<!-- /bench:sqlite -->\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := example()
	for range 2 {
		if err := r.Publish(dir); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if want := "before\n<!-- bench:sqlite -->\n" + r.Markdown() + "<!-- /bench:sqlite -->\nafter\n"; string(text) != want {
		t.Error(cmp.Diff(want, string(text)))
	}
	for _, name := range []string{"reads", "writes", "waits"} {
		svg, err := os.ReadFile(filepath.Join(dir, "bench-sqlite-"+name+".svg"))
		if err != nil {
			t.Fatal(err)
		}
		wellFormed(t, svg)
	}
	r.Machine.Engine = "PostgreSQL 15"
	if err := r.Publish(dir); err == nil || !strings.Contains(err.Error(), "bench:postgresql") {
		t.Errorf("a page without a place for the engine: %v", err)
	}
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	bars := 0
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			bars++
		}
	}
	if bars < 5 { // the ground, the legend and two bars
		t.Errorf("%d rectangles in %s", bars, svg)
	}
}

// key is an installation key for databases that have none beside them.
const key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

func TestFootprint(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { footprintIn(t, &house{dir: t.TempDir()}) })
	t.Run("postgresql", func(t *testing.T) {
		footprintIn(t, &house{Settings: Settings{DB: pgtest.Database(t), SecretKey: key}})
	})
}

// footprintIn: the floor of the writes leaves as many rows as the product does
// for as many comments, in a database of its own that is gone afterwards.
func footprintIn(t *testing.T, h *house) {
	ctx := context.Background()
	d, err := h.newDatabase(ctx, "floor")
	if err != nil {
		t.Fatal(err)
	}
	f, db, err := d.footprint(ctx)
	if err != nil {
		t.Fatal(err)
	}
	before := rowCounts(t, d.dsn)
	written, _, err := f.Write(ctx, db, 16, 10*time.Millisecond)
	if err := errors.Join(err, db.Close()); err != nil || written == 0 || written%16 != 0 {
		t.Fatalf("%d written, %v", written, err)
	}
	floor := rowCounts(t, d.dsn)
	if floor["comments"]-before["comments"] != written || floor["events"] == before["events"] {
		t.Errorf("before %v, after %v", before, floor)
	}
	if err := d.use(ctx, func(a *app.App) error {
		p := newPoster("", HeldSite, Origin)
		for n := range written {
			s := p.submission(n, "post-1")
			s.Name, s.Email = "Somebody", "somebody@example.org"
			if _, err := a.Comments.Submit(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for table, n := range rowCounts(t, d.dsn) {
		by, want := n-floor[table], floor[table]-before[table]
		if table == "authors" { // one more name
			by--
		}
		if by != want {
			t.Errorf("%s: %d rows by the product, %d by the floor, for %d comments", table, by, want, written)
		}
	}
	if err := d.drop(); err != nil {
		t.Error(err)
	}
	if raw.Postgres(d.dsn) {
		if err := d.use(ctx, func(*app.App) error { return nil }); err == nil {
			t.Error("the schema is still there after it was dropped")
		}
	}
}

func rowCounts(t *testing.T, dsn string) map[string]int {
	t.Helper()
	db, err := raw.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	counts := map[string]int{}
	for _, table := range []string{"pages", "authors", "comments", "revisions", "decisions", "events", "votes", "status_counts", "log_heads", "receipts", "buckets"} {
		n := 0
		if err := db.QueryRow("select count(*) from " + table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		counts[table] = n
	}
	return counts
}

func TestUnknownScenario(t *testing.T) {
	if _, err := Run(context.Background(), Settings{Only: []string{"reed"}}); err == nil || !strings.Contains(err.Error(), "there are start, write, read") {
		t.Errorf("got %v", err)
	}
}

func TestSpread(t *testing.T) {
	in := make([]string, 100)
	for i := range in {
		in[i] = strings.Repeat("x", i)
	}
	seen := map[string]bool{}
	for _, s := range spread(in) {
		seen[s] = true
	}
	if len(seen) != len(in) {
		t.Errorf("%d of %d are left", len(seen), len(in))
	}
}
