package torture

import "testing"

func TestCapacity(t *testing.T) {
	for name, c := range map[string]struct {
		spans []span
		kills int
		want  int
	}{
		"nothing":                {nil, 3, 0},
		"one":                    {[]span{{0, 0}}, 1, 1},
		"one without a kill":     {[]span{{1, 0}}, 1, -1},
		"three at one kill":      {[]span{{1, 1}, {1, 1}, {1, 1}}, 3, 3},
		"three over three kills": {[]span{{0, 2}, {0, 2}, {0, 2}}, 3, 1},
		"the last must go last":  {[]span{{0, 2}, {0, 0}, {0, 1}}, 3, 1},
		"three over two":         {[]span{{0, 1}, {0, 1}, {1, 1}}, 2, 2},
	} {
		if got := capacity(c.spans, c.kills); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
