package comment

import (
	"strings"
	"unicode"
)

// Edit is one stretch of a difference between two texts.
type Edit struct {
	Op   string `json:"op"` // equal, insert or delete
	Text string `json:"text"`
}

// diffMost bounds the table of the comparison; longer texts are shown as
// replaced whole.
const diffMost = 250_000

// Diff compares two texts word by word, by their longest common subsequence.
func Diff(before, after string) []Edit {
	a, b := words(before), words(after)
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	d := &differ{}
	d.add("equal", a[:start]...)
	d.middle(a[start:len(a)-end], b[start:len(b)-end])
	d.add("equal", a[len(a)-end:]...)
	return d.edits
}

// words cuts a text into words and what stands between them.
func words(s string) []string {
	var all []string
	start, inWord := 0, false
	for i, r := range s {
		is := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
		if i > start && (!is || !inWord) {
			all = append(all, s[start:i])
			start = i
		}
		inWord = is
	}
	if start < len(s) {
		all = append(all, s[start:])
	}
	return all
}

type differ struct{ edits []Edit }

func (d *differ) add(op string, parts ...string) {
	if len(parts) == 0 {
		return
	}
	text := strings.Join(parts, "")
	if n := len(d.edits); n > 0 && d.edits[n-1].Op == op {
		d.edits[n-1].Text += text
		return
	}
	d.edits = append(d.edits, Edit{op, text})
}

func (d *differ) middle(a, b []string) {
	if len(a)*len(b) > diffMost {
		d.add("delete", a...)
		d.add("insert", b...)
		return
	}
	common := commonTable(a, b)
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			d.add("equal", a[i])
			i++
			j++
		case common[i+1][j] >= common[i][j+1]:
			d.add("delete", a[i])
			i++
		default:
			d.add("insert", b[j])
			j++
		}
	}
	d.add("delete", a[i:]...)
	d.add("insert", b[j:]...)
}

// commonTable holds, for each pair of ends, the length of the longest common
// subsequence of what follows.
func commonTable(a, b []string) [][]int32 {
	table := make([][]int32, len(a)+1)
	cells := make([]int32, (len(a)+1)*(len(b)+1))
	for i := range table {
		table[i], cells = cells[:len(b)+1], cells[len(b)+1:]
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}
