package torture

import (
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// guard ends a process if this one ends without having done so: killed, or
// interrupted at the keyboard. release is for when the process has ended.
func guard(t testing.TB, pid int) (release func()) {
	t.Helper()
	cmd := exec.Command("sh", "-c", watch(pid))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		_, _ = io.WriteString(stdin, "released\n")
		stdin.Close()
		_ = cmd.Wait() // it has nothing to say
	}
}

func watch(pid int) string {
	return fmt.Sprintf("trap '' HUP INT TERM; read -r released || kill -QUIT %d", pid)
}

// TestGuard: the guard kills when its input ends without a word, and only then.
func TestGuard(t *testing.T) {
	for _, c := range []struct{ word, want string }{{"", "signal: quit"}, {"released\n", "signal: killed"}} {
		sleeper := exec.Command("sleep", "60")
		if err := sleeper.Start(); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("sh", "-c", watch(sleeper.Process.Pid))
		cmd.Stdin = strings.NewReader(c.word)
		if err := cmd.Run(); err != nil {
			t.Error(err)
		}
		if c.word != "" {
			_ = sleeper.Process.Kill()
		}
		if err := sleeper.Wait(); err == nil || err.Error() != c.want {
			t.Errorf("after %q: %v, want %s", c.word, err, c.want)
		}
	}
}
