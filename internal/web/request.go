package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/go-playground/validator/v10"
	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// maxNesting is how deep a request's JSON may go.
const maxNesting = 8

// shapes checks what a request's shape says in its tags; rules that need to
// know anything are the domain's.
var shapes = newShapes()

func newShapes() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(jsonName)
	return v
}

// decode reads a request's JSON strictly: its type and encoding, its size, no
// unknown or doubled key, valid UTF-8, bounded nesting, nothing behind it.
func decode[T any](c *fiber.Ctx) (in T, err error) {
	if !strings.EqualFold(strings.TrimSpace(strings.SplitN(c.Get(fiber.HeaderContentType), ";", 2)[0]), fiber.MIMEApplicationJSON) {
		return in, fault.New(fault.Unsupported, "unsupported_media_type", "Send the request as application/json.")
	}
	body := c.Request().Body()
	if len(body) > MaxBody {
		return in, ofFiber[http.StatusRequestEntityTooLarge]
	}
	if err := checkNesting(body); err != nil {
		return in, err
	}
	if bytes.Equal(bytes.TrimSpace(body), []byte("null")) {
		return in, fault.New(fault.Malformed, "invalid_type", "The request is a JSON object.")
	}
	if err := json.Unmarshal(body, &in, json.RejectUnknownMembers(true)); err != nil {
		return in, malformed(err)
	}
	return in, checkShape(in)
}

// checkNesting looks at the whole text before anything is built from it, if there are
// enough brackets in it.
func checkNesting(body []byte) error {
	if bytes.Count(body, []byte("{"))+bytes.Count(body, []byte("[")) <= maxNesting {
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		_, err := d.ReadToken()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return malformed(err)
		case d.StackDepth() > maxNesting:
			return fault.New(fault.Malformed, "too_deep", "The JSON is nested deeper than 8 levels.")
		}
	}
}

// malformed says where a JSON text is wrong.
func malformed(err error) error {
	f := &fault.Error{Kind: fault.Malformed, Code: "malformed_json", Detail: "The request is not valid JSON in UTF-8.", Cause: err}
	var at jsontext.Pointer
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		f.Code, f.Detail = "duplicate_field", "A key stands twice in the JSON."
		if errors.As(err, &syntactic) {
			at = syntactic.JSONPointer
		}
	case errors.Is(err, json.ErrUnknownName):
		f.Code, f.Detail = "unknown_field", "The JSON has a key that this route does not know."
		if errors.As(err, &semantic) {
			at = semantic.JSONPointer
		}
	case errors.As(err, &semantic):
		f.Code, f.Detail = "invalid_type", "A value in the JSON has the wrong type."
		at = semantic.JSONPointer
	}
	if at != "" {
		f.Fields = []fault.Field{{Name: dotted(at), Code: f.Code, Detail: f.Detail}}
	}
	return f
}

// dotted writes a JSON pointer the way fields are named.
func dotted(p jsontext.Pointer) string {
	return strings.ReplaceAll(strings.TrimPrefix(strings.ToValidUTF8(string(p), "�"), "/"), "/", ".")
}

func checkShape(in any) error {
	err := shapes.Struct(in)
	var invalid validator.ValidationErrors
	if !errors.As(err, &invalid) {
		return err
	}
	f := &fault.Error{Kind: fault.Invalid, Code: "invalid", Detail: "Some of the input is missing or not allowed."}
	for _, e := range invalid {
		f.Fields = append(f.Fields, fault.Field{Name: fieldPath(in, e), Code: e.Tag(), Detail: sentence(e)})
	}
	if len(f.Fields) == 1 {
		f.Detail = f.Fields[0].Detail
	}
	return f
}

func sentence(e validator.FieldError) string {
	switch e.Tag() {
	case "required":
		return "The field " + e.Field() + " is required."
	case "max":
		return "The field " + e.Field() + " is longer than " + e.Param() + "."
	case "oneof":
		return "The field " + e.Field() + " is one of " + strings.ReplaceAll(e.Param(), " ", ", ") + "."
	}
	return "The field " + e.Field() + " is not allowed like this."
}

// param is a part of the path, decoded once.
func param(c *fiber.Ctx, name string) string {
	v := c.Params(name) // a copy, by fiber's setting Immutable
	if strings.IndexByte(v, '%') < 0 && strings.IndexByte(v, 0) < 0 {
		return v
	}
	v, err := url.PathUnescape(v)
	if err != nil || strings.ContainsRune(v, 0) {
		return "" // no key or id looks like that, so it will not be found
	}
	return v
}

// values are the parameters of the query, decoded once.
func values(c *fiber.Ctx) (url.Values, error) {
	v, err := url.ParseQuery(strings.Clone(string(c.Request().URI().QueryString())))
	if err != nil {
		return nil, parameter("The query of the address cannot be read.")
	}
	for _, list := range v {
		for _, one := range list {
			if strings.ContainsRune(one, 0) || strings.ToValidUTF8(one, "") != one {
				return nil, parameter("A parameter contains characters that are not allowed.")
			}
		}
	}
	return v, nil
}

func parameter(detail string) error {
	return fault.New(fault.Malformed, "invalid_parameter", detail)
}

// paging are the parameters of the query of a list, and how many are asked for.
func paging(c *fiber.Ctx) (v url.Values, limit int, err error) {
	v, err = values(c)
	text := v.Get("limit")
	if err != nil || text == "" {
		return v, comment.DefaultLimit, err
	}
	limit, err = strconv.Atoi(text)
	if err != nil || limit < 1 || limit > comment.MaxLimit {
		return v, 0, parameter("The limit is a whole number from 1 to 100.")
	}
	return v, limit, nil
}

// timeOf reads a parameter that is a moment, zero where it is not given.
func timeOf(v url.Values, name string) (time.Time, error) {
	text := v.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, parameter("The parameter " + name + " is a time such as 2026-03-01T09:30:00Z.")
	}
	return at, nil
}

// bodyOf reads the body parameter: how texts are wanted.
func bodyOf(v url.Values) (comment.Body, error) {
	switch v.Get("body") {
	case "", "html":
		return comment.BodyHTML, nil
	case "tree":
		return comment.BodyTree, nil
	}
	return "", parameter("The body is html or tree.")
}

// oneOf reads a parameter that has a few values; the first is the default.
func oneOf(v url.Values, name string, allowed ...string) (string, error) {
	got := v.Get(name)
	if got == "" {
		return allowed[0], nil
	}
	for _, a := range allowed {
		if got == a {
			return got, nil
		}
	}
	return "", parameter("The parameter " + name + " is one of " + strings.Join(allowed, ", ") + ".")
}
