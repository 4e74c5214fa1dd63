package webhook

import (
	"encoding/json"
	"maps"
	"net/textproto"
	"slices"
	"strings"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"golang.org/x/net/http/httpguts"
)

// The headers of its own that an endpoint may have.
const (
	headersMost     = 20
	headerValueMost = 2048 // bytes
)

const headersPurpose = "webhook headers"

// ownedHeaders are the sender's, by their beginnings in lower case: they carry
// the signature, frame the message, or belong to one connection.
var ownedHeaders = []string{
	"webhook-", "x-afterword-", "content-", "proxy-", "host", "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade",
	"expect", "user-agent", "accept-encoding", "date", "http2-settings", ":",
}

// sealHeaders checks the headers of an endpoint and seals them: they are
// secrets as a rule. None give "".
func (h *Hooks) sealHeaders(endpoint string, headers map[string]string) (string, error) {
	if len(headers) == 0 {
		return "", nil
	}
	if len(headers) > headersMost {
		return "", badHeader("too_many", "An endpoint has at most 20 headers of its own.")
	}
	named := make(map[string]string, len(headers))
	for name, value := range headers {
		if err := checkHeader(name, value); err != nil {
			return "", err
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		if _, twice := named[name]; twice {
			return "", badHeader("twice", "The header "+name+" is given twice.")
		}
		named[name] = value
	}
	text, err := json.Marshal(named)
	if err != nil {
		return "", err
	}
	return h.Ring.Seal(headersPurpose, endpoint, text), nil
}

func badHeader(code, detail string) error { return fault.Input("headers", code, detail) }

func checkHeader(name, value string) error {
	lower := strings.ToLower(name)
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return badHeader("invalid", "A header's name has letters, digits and hyphens only.")
	case slices.ContainsFunc(ownedHeaders, func(owned string) bool {
		return lower == owned || strings.HasSuffix(owned, "-") && strings.HasPrefix(lower, owned)
	}):
		return badHeader("not_allowed", "The header "+name+" is the sender's own.")
	case !httpguts.ValidHeaderFieldValue(value) || strings.TrimSpace(value) != value:
		return badHeader("invalid", "The value of the header "+name+" has a line break or another control character, or a space at an end.")
	case len(value) > headerValueMost:
		return badHeader("too_long", "The value of the header "+name+" has more than 2048 bytes.")
	}
	return nil
}

// headers opens the headers of an endpoint.
func openHeaders(unseal func(purpose, row, sealed string) ([]byte, error), e comment.Endpoint) (map[string]string, error) {
	if e.Headers == "" {
		return nil, nil
	}
	text, err := unseal(headersPurpose, e.ID, e.Headers)
	if err != nil {
		return nil, err
	}
	var headers map[string]string
	return headers, json.Unmarshal(text, &headers)
}

// HeaderNames are the names of an endpoint's own headers, in order; their values
// are not shown again.
func (h *Hooks) HeaderNames(e comment.Endpoint) []string {
	headers, _ := openHeaders(h.Ring.Unseal, e) // sealed with a key that is gone: none are sent either
	return slices.Sorted(maps.Keys(headers))
}
