package comment

import (
	"bytes"
	"encoding/json"
)

// JSON writes v as every answer and every webhook body is written: compact,
// and without the escapes that encoding/json adds for the sake of HTML pages,
// which would double the size of a text that has any markup.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
