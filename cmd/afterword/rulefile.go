package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/web"
)

// maxImport bounds the file of an import, in bytes.
const maxImport = 4 << 20

// fileRule is a rule of a file, and the line in which it begins.
type fileRule struct {
	line   int
	change comment.RuleChange
}

// readRules reads what export wrote; an error says in which line it is.
func readRules(in io.Reader) ([]fileRule, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxImport+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxImport {
		return nil, fmt.Errorf("it has more than %d MiB", maxImport>>20)
	}
	var file struct {
		Rules []json.RawMessage `json:"rules"`
	}
	if err := strictly(data, &file); err != nil {
		return nil, inLine(data, faultAt(err), err)
	}
	rules, from := make([]fileRule, len(file.Rules)), 0
	for i, raw := range file.Rules {
		from += bytes.Index(data[from:], raw) // it stands there as it is
		var rule web.RuleInput
		if err := strictly(raw, &rule); err != nil {
			return nil, inLine(data, from+faultAt(err), err)
		}
		change, err := rule.Change()
		if err != nil {
			return nil, inLine(data, from, fmt.Errorf("Rule %d: %s", i+1, fault.Of(err).Detail))
		}
		rules[i] = fileRule{lineOf(data, from), change}
		from += len(raw)
	}
	return rules, nil
}

// strictly reads one value without unknown fields, and nothing after it.
func strictly(data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil { // which knows where it fails
		return err
	}
	read := json.NewDecoder(bytes.NewReader(data))
	read.DisallowUnknownFields()
	return read.Decode(into)
}

// faultAt is where in its text an error of JSON is, 0 where it does not say so.
func faultAt(err error) int {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return int(syntax.Offset)
	case errors.As(err, &kind):
		return int(kind.Offset)
	}
	return 0
}

func inLine(data []byte, at int, err error) error {
	return fmt.Errorf("line %d: %w", lineOf(data, at), err)
}

func lineOf(data []byte, at int) int {
	return 1 + bytes.Count(data[:min(at, len(data))], []byte("\n"))
}
