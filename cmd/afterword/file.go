package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// configFile is the config file's settings by the names of their flags. It
// stands behind flags, which kong sees to, and behind the environment, which
// kong would let it override.
type configFile map[string]any

// readConfig reads a config file. A setting is written as its flag is, with
// hyphens or with underscores.
func readConfig(r io.Reader) (kong.Resolver, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var values map[string]any
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("the config file is not a JSON object: %w", err)
	}
	f := configFile{}
	for name, value := range values {
		switch value.(type) {
		case string, float64:
			f[strings.ReplaceAll(name, "_", "-")] = value
		default:
			return nil, fmt.Errorf("the config file has %q, whose value is neither text nor a number", name)
		}
	}
	return f, nil
}

// Validate refuses what is no setting: a misspelt one would go unnoticed.
func (f configFile) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, leaf := range app.Leaves(false) {
		for _, flags := range leaf.AllFlags(false) {
			for _, flag := range flags {
				known[flag.Name] = known[flag.Name] || isSetting(flag)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if !known[name] {
			return fmt.Errorf("the config file has %q, which is no setting; they are the flags that have an environment variable", name)
		}
	}
	return nil
}

// isSetting tells the operator's settings from what belongs to one command.
func isSetting(flag *kong.Flag) bool { return len(flag.Envs) > 0 && flag.Name != "config" }

// Resolve gives a flag's value unless its environment variable is set.
func (f configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, ok := f[flag.Name]
	if !ok || slices.ContainsFunc(flag.Envs, func(name string) bool { _, set := os.LookupEnv(name); return set }) {
		return nil, nil
	}
	return value, nil
}
