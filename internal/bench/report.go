package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/bench/raw"
)

// Report is the outcome of a run.
type Report struct {
	Version string  `json:"version"`
	Date    string  `json:"date"`
	Machine Machine `json:"machine"`
	Data    Data    `json:"data"`
	Lines   []Line  `json:"lines"`
}

// Machine is what the numbers were measured on.
type Machine struct {
	CPU       string  `json:"cpu"`
	Cores     int     `json:"cores"`
	MemoryGiB float64 `json:"memory_gib"`
	Kernel    string  `json:"kernel"`
	Go        string  `json:"go"`
	Engine    string  `json:"engine"`
	Load      string  `json:"load,omitempty"` // processes that wanted a core, before and after: 1-minute averages
}

// Data is what was in the database.
type Data struct {
	Comments int   `json:"comments"`
	Pages    int   `json:"pages"`
	Threads  []int `json:"threads"`
}

// Line is one thing measured, beside its floor where there is one.
type Line struct {
	ID    string   `json:"id"`
	Title string   `json:"title"`
	Unit  string   `json:"unit"` // of Rate, or of Value
	Value float64  `json:"value,omitempty"`
	It    Measure  `json:"it"`
	Floor *Measure `json:"floor,omitempty"`
	Under string   `json:"under,omitempty"` // what the floor is
	Ratio float64  `json:"ratio,omitempty"`
	Best  float64  `json:"best,omitempty"` // ratio of the fastest rounds
	Bars  []Bar    `json:"bars,omitempty"`

	scenario string
	versus   versus
}

// Bar is what a line should reach.
type Bar struct {
	Text string `json:"text"`
	Met  bool   `json:"met"`
}

// atLeast is a bar from below.
func atLeast(what string, value, bar float64) Bar {
	return Bar{fmt.Sprintf("%s ≥ %g", what, bar), value >= bar}
}

// atMost is a bar from above; what was not measured has not met it.
func atMost(what string, value, bar float64) Bar {
	return Bar{fmt.Sprintf("%s ≤ %g", what, bar), value > 0 && value <= bar}
}

// p99Ratio is how many times longer than on the floor the slowest hundredth
// waits.
func (v versus) p99Ratio() float64 { return math.Round(100*v.it.P99MS/v.floor.P99MS) / 100 }

func (v versus) line(id, title, unit, under string, bars ...Bar) Line {
	return Line{ID: id, Title: title, Unit: unit, It: v.it, Floor: &v.floor, Under: under, Ratio: v.ratio, Best: v.best(), Bars: bars, versus: v}
}

// String is a line for the terminal.
func (l Line) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-52s", l.Title)
	switch {
	case l.Value != 0:
		fmt.Fprintf(&b, " %9.6g %s", l.Value, l.Unit)
	case l.It.Rate != 0:
		fmt.Fprintf(&b, " %9.6g %s", l.It.Rate, l.Unit)
	}
	if l.It.P99MS != 0 {
		fmt.Fprintf(&b, ", p50 %.4g ms, p99 %.4g ms", l.It.P50MS, l.It.P99MS)
	}
	if l.Floor != nil {
		fmt.Fprintf(&b, "; floor %.6g, p99 %.4g ms; ratio %.3g", l.Floor.Rate, l.Floor.P99MS, l.Ratio)
	}
	for _, bar := range l.Bars {
		verdict := "missed"
		if bar.Met {
			verdict = "met"
		}
		fmt.Fprintf(&b, " [%s: %s]", bar.Text, verdict)
	}
	return b.String()
}

// machine describes this machine, without its name or any path on it.
func machine(ctx context.Context, dsn string) Machine {
	m := Machine{CPU: field("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), Go: runtime.Version(), Engine: engine(ctx, dsn)}
	var kib float64
	if _, err := fmt.Sscan(field("/proc/meminfo", "MemTotal"), &kib); err == nil {
		m.MemoryGiB = math.Round(kib/(1<<20)*10) / 10
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		version, _, _ := strings.Cut(strings.TrimSpace(string(release)), "-") // the rest names a build
		m.Kernel = runtime.GOOS + " " + version
	}
	return m
}

// busy is how many processes have wanted a core in the last minute; "" where the
// system does not tell.
func busy() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	load, _, _ := strings.Cut(string(text), " ")
	return load
}

// field is the first value of a name in a file of NAME: VALUE lines.
func field(file, name string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func engine(ctx context.Context, dsn string) string {
	if dsn == "" {
		return ""
	}
	db, err := raw.Open(dsn)
	if err != nil {
		return ""
	}
	defer db.Close()
	query, name := "select sqlite_version()", "SQLite "
	if raw.Postgres(dsn) {
		query, name = "show server_version", "PostgreSQL "
	}
	var version string
	if err := db.QueryRowContext(ctx, query).Scan(&version); err != nil {
		return ""
	}
	return name + version
}

func today() string { return time.Now().UTC().Format(time.DateOnly) }

// Write writes the report as JSON.
func (r *Report) Write(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
