package bench

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"text/template"
)

// chart is a chart of horizontal bars: for each group a bar for each series,
// and a mark where the group should get to.
type chart struct {
	Title  string
	Unit   string
	Series []string // at most two
	Groups []group
}

type group struct {
	Label  string
	Note   string // at the end of the first bar
	Values []float64
	Bar    float64 // 0 = none
	Below  bool    // the bar is an upper one
}

// Sizes in the chart's own units.
const (
	chartWidth  = 760
	labelWidth  = 250
	noteWidth   = 120
	barHeight   = 14
	groupGap    = 14
	chartTop    = 64
	chartBottom = 16
)

// SVG writes the chart. Its colours follow the reader's scheme, light or dark,
// and it brings its own ground, so it can be read wherever it stands.
func (c chart) SVG(w io.Writer) error { return chartTemplate.Execute(w, c.layout()) }

type drawn struct {
	chart
	Width, Height int
	Legend        []piece
	Pieces        []piece
}

// piece is a bar, a text or a mark at its place.
type piece struct {
	Kind          string // bar, label, value or mark
	Class         string
	X, Y, W, H    int
	Text, Tooltip string
}

func (c chart) layout() drawn {
	step := len(c.Series)*barHeight + groupGap
	d := drawn{chart: c, Width: chartWidth, Height: chartTop + len(c.Groups)*step + chartBottom}
	x := labelWidth
	for i, name := range c.Series {
		d.Legend = append(d.Legend, piece{Kind: "bar", Class: fmt.Sprint("s", i), X: x, Y: 36, W: 12, H: 12}, piece{Kind: "label", X: x + 18, Y: 46, Text: name})
		x += 40 + 7*len(name)
	}
	scale := (chartWidth - labelWidth - noteWidth) / c.most()
	for n, g := range c.Groups {
		y := chartTop + n*step
		d.Pieces = append(d.Pieces, piece{Kind: "name", X: labelWidth - 10, Y: y + len(c.Series)*barHeight/2 + 4, Text: g.Label})
		for i, v := range g.Values {
			width := max(1, int(v*scale))
			text := number(v)
			if i == 0 && g.Note != "" {
				text += "  " + g.Note
			}
			d.Pieces = append(d.Pieces,
				piece{Kind: "bar", Class: fmt.Sprint("s", i), X: labelWidth, Y: y + i*barHeight, W: width, H: barHeight - 2, Tooltip: fmt.Sprintf("%s, %s: %s %s", g.Label, c.Series[i], number(v), c.Unit)},
				piece{Kind: "label", X: labelWidth + width + 6, Y: y + i*barHeight + 10, Text: text})
		}
		if g.Bar > 0 {
			tooltip := "at least "
			if g.Below {
				tooltip = "at most "
			}
			d.Pieces = append(d.Pieces, piece{Kind: "mark", X: labelWidth + int(g.Bar*scale), Y: y - 3, H: len(g.Values)*barHeight + 4, Tooltip: tooltip + number(g.Bar) + " " + c.Unit})
		}
	}
	return d
}

// most is the longest that has to be shown.
func (c chart) most() float64 {
	most := 0.0
	for _, g := range c.Groups {
		most = max(most, g.Bar)
		for _, v := range g.Values {
			most = max(most, v)
		}
	}
	if most == 0 {
		return 1
	}
	return most
}

// number writes a value with as many digits as are worth reading.
func number(v float64) string {
	switch {
	case v >= 10000:
		text := strconv.Itoa(int(math.Round(v/10) * 10))
		return text[:len(text)-3] + "," + text[len(text)-3:]
	case v >= 100:
		return strconv.Itoa(int(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

var chartTemplate = template.Must(template.New("chart").Funcs(template.FuncMap{"esc": template.HTMLEscapeString}).Parse(
	`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{.Width}} {{.Height}}" width="{{.Width}}" height="{{.Height}}" role="img" aria-label="{{esc .Title}}">
<title>{{esc .Title}}</title>
<style>
svg { font: 12px system-ui, sans-serif; }
.ground { fill: #ffffff; } text { fill: #1f2328; } .s0 { fill: #1a6f8f; } .s1 { fill: #b8c4cc; } .mark { stroke: #b3261e; stroke-width: 2; }
@media (prefers-color-scheme: dark) { .ground { fill: #12171c; } text { fill: #e4e8ec; } .s0 { fill: #58b4d6; } .s1 { fill: #55626c; } .mark { stroke: #ff8a80; } }
.title { font-size: 15px; font-weight: 600; }
</style>
<rect class="ground" width="100%" height="100%" rx="6"/>
<text class="title" x="16" y="26">{{esc .Title}}</text>
{{range .Legend}}{{template "piece" .}}{{end -}}
{{range .Pieces}}{{template "piece" .}}{{end -}}
</svg>
{{define "piece" -}}
{{if eq .Kind "bar"}}<rect class="{{.Class}}" x="{{.X}}" y="{{.Y}}" width="{{.W}}" height="{{.H}}" rx="2">{{with .Tooltip}}<title>{{esc .}}</title>{{end}}</rect>
{{else if eq .Kind "mark"}}<path class="mark" d="M{{.X}} {{.Y}}v{{.H}}"><title>{{esc .Tooltip}}</title></path>
{{else if eq .Kind "name"}}<text x="{{.X}}" y="{{.Y}}" text-anchor="end">{{esc .Text}}</text>
{{else}}<text x="{{.X}}" y="{{.Y}}">{{esc .Text}}</text>
{{end}}{{end}}`))
