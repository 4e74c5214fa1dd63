package bench

import (
	"context"
	"errors"
	"time"

	"github.com/afterword-comments/afterword/internal/bench/load"
)

// restTime is how long a server is left alone before its memory is looked at.
const restTime = 2 * time.Second

// starts measures how long the program takes until it may take traffic, on the
// generated data, and what it then holds in memory.
func (h *house) starts(ctx context.Context) error {
	if err := h.fill(ctx); err != nil {
		return err
	}
	var waits load.Histogram
	var rest []float64
	for range max(h.Rounds, 3) {
		began := time.Now()
		p, err := h.launch(ctx, nil, serveArgs(h.DB)...)
		if err != nil {
			return err
		}
		err = p.ready("/readyz")
		waits.Record(time.Since(began))
		if err == nil {
			time.Sleep(restTime)
			now, _ := p.memory()
			rest = append(rest, mib(now))
		}
		if err := errors.Join(err, p.stop()); err != nil {
			return err
		}
	}
	middle := ms(waits.Quantile(0.5))
	h.add(Line{ID: "start", Title: "start until /readyz", Unit: "ms", Value: middle, Bars: []Bar{atMost("ms", middle, 300)}})
	h.add(Line{ID: "rest", Title: "resident memory at rest", Unit: "MiB", Value: median(rest), Bars: []Bar{atMost("MiB", median(rest), 40)}})
	return nil
}

// mib is bytes in MiB, to one digit.
func mib(bytes int64) float64 { return float64(bytes*10>>20) / 10 }
