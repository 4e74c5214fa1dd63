package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Publish writes the results into a folder of documents: the JSON, the charts,
// and the table in performance.md, between its marks for this engine.
func (r *Report) Publish(dir string) error {
	name := "sqlite"
	if strings.HasPrefix(r.Machine.Engine, "PostgreSQL") {
		name = "postgresql"
	}
	err := r.Write(filepath.Join(dir, "bench-"+name+".json"))
	for file, c := range r.charts() {
		var svg bytes.Buffer
		err = errors.Join(err, c.SVG(&svg), os.WriteFile(filepath.Join(dir, "bench-"+name+"-"+file+".svg"), svg.Bytes(), 0o644))
	}
	return errors.Join(err, replaceBetween(filepath.Join(dir, "performance.md"), "bench:"+name, r.Markdown()))
}

// replaceBetween puts text between <!-- mark --> and <!-- /mark -->.
func replaceBetween(file, mark, text string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(old), "<!-- "+mark+" -->\n")
	_, after, ends := strings.Cut(rest, "<!-- /"+mark+" -->")
	if !found || !ends {
		return fmt.Errorf("%s has no place <!-- %s --> … <!-- /%s -->", file, mark, mark)
	}
	return os.WriteFile(file, []byte(before+"<!-- "+mark+" -->\n"+text+"<!-- /"+mark+" -->"+after), 0o644)
}

// Markdown is the table of the results, with the machine above it.
func (r *Report) Markdown() string {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "%s, version %s. %s, %d cores, %g GiB, %s, %s, %s; load %s.", r.Date, r.Version, m.CPU, m.Cores, m.MemoryGiB, m.Kernel, m.Go, m.Engine, m.Load)
	if d := r.Data; d.Comments > 0 {
		fmt.Fprintf(&b, " Database: %d comments on %d pages, threads of %s.", d.Comments, d.Pages, strings.Trim(strings.Join(strings.Fields(fmt.Sprint(d.Threads)), ", "), "[]"))
	}
	b.WriteString("\n\n")
	b.WriteString("| | measured | p50 | p99 | floor | floor's p99 | ratio | bar |\n|---|---:|---:|---:|---:|---:|---:|---|\n")
	for _, l := range r.Lines {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", l.Title, l.amount(), inMS(l.It.P50MS), inMS(l.It.P99MS), l.floorRate(), l.floorP99(), orNothing(l.Ratio), l.barList())
	}
	return b.String()
}

func (l Line) amount() string {
	v := l.Value
	if v == 0 {
		v = l.It.Rate
	}
	if v == 0 {
		return ""
	}
	return strings.TrimSpace(number(v) + " " + l.Unit)
}

func (l Line) floorRate() string {
	if l.Floor == nil {
		return ""
	}
	return number(l.Floor.Rate)
}

func (l Line) floorP99() string {
	if l.Floor == nil {
		return ""
	}
	return inMS(l.Floor.P99MS)
}

func inMS(v float64) string {
	if v == 0 {
		return ""
	}
	return number(v) + " ms"
}

func orNothing(v float64) string {
	if v == 0 {
		return ""
	}
	return number(v)
}

func (l Line) barList() string {
	list := make([]string, 0, len(l.Bars))
	for _, bar := range l.Bars {
		verdict := "**missed**"
		if bar.Met {
			verdict = "met"
		}
		list = append(list, bar.Text+": "+verdict)
	}
	return strings.Join(list, "; ")
}

// charts are the pictures of the lines that have a floor, and of the waits.
func (r *Report) charts() map[string]chart {
	reads := chart{Title: "Answers a second, and of the bare handler", Unit: "a second", Series: []string{"Afterword", "bare handler"}}
	writes := chart{Title: "Comments accepted a second, and of the bare driver", Unit: "a second", Series: []string{"Afterword", "bare driver"}}
	waits := chart{Title: "Waiting: the middle, and the slowest hundredth", Unit: "ms", Series: []string{"p99", "p50"}}
	for _, l := range r.Lines {
		if l.Best > 0 {
			g := group{Label: l.short(), Note: fmt.Sprintf("(%.0f %%)", 100*l.Ratio), Values: []float64{l.It.Rate, l.Floor.Rate}}
			if strings.HasPrefix(l.ID, "write") {
				writes.Groups = append(writes.Groups, g)
			} else {
				reads.Groups = append(reads.Groups, g)
			}
		}
		if l.It.P99MS > 0 && !strings.HasPrefix(l.ID, "streams") {
			waits.Groups = append(waits.Groups, group{Label: l.short(), Values: []float64{l.It.P99MS, l.It.P50MS}})
		}
	}
	return map[string]chart{"reads": reads, "writes": writes, "waits": waits}
}

// short is the title as far as it fits beside a bar.
func (l Line) short() string {
	title, _, _ := strings.Cut(l.Title, ", 32 connections")
	if runes := []rune(title); len(runes) > 38 {
		title = string(runes[:37]) + "…"
	}
	return title
}
