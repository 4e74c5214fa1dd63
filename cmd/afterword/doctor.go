package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/afterword-comments/afterword/internal/doctor"
)

type doctorCmd struct {
	Webhooks doctorWebhooksCmd `cmd:"" help:"Kill the program again and again on a scratch database, and count what its webhooks lose."`
}

type doctorWebhooksCmd struct {
	Kills   int           `help:"How often it is killed (1-200)." default:"5"`
	Between time.Duration `help:"From one start to the next kill, on average (50ms-1m)." default:"1s"`
}

// errUnsound is the end of a trial that has found something.
var errUnsound = errors.New("a promise was not kept: this is a defect of the program or of the machine's disk; please report it with the line above")

// Run tries the program that is running. It uses no database of the
// installation, and listens on addresses of this machine only.
func (c *doctorWebhooksCmd) Run(e *env) error {
	if c.Kills < 1 || c.Kills > 200 {
		return usageError{errors.New("--kills is from 1 to 200")}
	}
	if c.Between < 50*time.Millisecond || c.Between > time.Minute {
		return usageError{errors.New("--between is from 50ms to 1m")}
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	t := doctor.Trial{Program: program, Kills: c.Kills, Between: c.Between, Say: func(step string) { fmt.Fprintln(e.err, step) }}
	found, err := doctor.Webhooks(e.ctx, t)
	if err != nil {
		return err
	}
	err = e.print(found, "killed %d times · %d comments acknowledged · %d events in %d calls\nlost %d · out of order %d · bad signatures %d · duplicates %d (of what was on its way at a kill)",
		found.Kills, found.Acknowledged, found.Events, found.Calls, found.Lost, found.OutOfOrder, found.BadSignature, found.Duplicates)
	if err == nil && !found.Sound() {
		err = errUnsound
	}
	return err
}
