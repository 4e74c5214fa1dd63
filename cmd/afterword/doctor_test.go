package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/afterword-comments/afterword/internal/doctor"
)

// TestDoctor kills the program itself, as the command does for an operator.
func TestDoctor(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "afterword")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(bin, "--json", "doctor", "webhooks", "--kills", "3", "--between", "300ms").Output()
	var found doctor.Counts
	if jsonErr := json.Unmarshal(out, &found); err != nil || jsonErr != nil {
		t.Fatalf("%v, %v: %s", err, jsonErr, out)
	}
	if !found.Sound() || found.Kills != 3 || found.Events < 2*found.Acknowledged {
		t.Errorf("%+v", found)
	}
	for _, args := range [][]string{{"--kills", "0"}, {"--kills", "201"}, {"--between", "1ms"}, {"--between", "soon"}} {
		if err := exec.Command(bin, append([]string{"doctor", "webhooks"}, args...)...).Run(); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
