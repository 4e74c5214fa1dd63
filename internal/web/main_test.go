package web_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// TestMain looks, after a whole run, at what the run has had as answers: a
// documented success that no test has seen is a description that nothing holds.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if missing := openAPI().missing(); code == 0 && wholeRun() && len(missing) > 0 {
		fmt.Println("FAIL: no test has had these answers:")
		for _, name := range missing {
			fmt.Println("\t" + name)
		}
		code = 1
	}
	os.Exit(code)
}

// wholeRun reports whether every test was run.
func wholeRun() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return true
}
