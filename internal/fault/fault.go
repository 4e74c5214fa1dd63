// Package fault is the one error type that crosses Afterword's layers. The
// domain and the adapters make faults; internal/web turns them into
// problem+json and the commands into one line on stderr. It hides nothing but
// the cause: whatever is in Detail and Fields may be shown to anyone.
package fault

import (
	"errors"
	"time"
)

// Kind says whose problem an error is; each kind has one HTTP status.
type Kind uint8

// The kinds, from the caller's mistakes to ours.
const (
	Internal     Kind = iota // 500: a bug or a broken machine
	Malformed                // 400: the request cannot be read
	Invalid                  // 422: readable, but a rule of the domain refuses it
	Unauthorized             // 401: who are you
	Forbidden                // 403: not you
	NotFound                 // 404: absent, foreign or hidden, which look the same
	Conflict                 // 409: the world has moved on
	Gone                     // 410: was here, will not be again
	TooLarge                 // 413
	Unsupported              // 415
	TooMany                  // 429: slow down
	Unavailable              // 503: try again later
)

// Field is one input that is at fault. Name is the JSON path of the input,
// Code a stable word, Detail a sentence for people.
type Field struct {
	Name   string `json:"name"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Error is a fault. Code is a stable word for programs, Detail a sentence for
// people; Cause goes to the log only.
type Error struct {
	Kind       Kind
	Code       string
	Detail     string
	Fields     []Field
	RetryAfter time.Duration // for TooMany and Unavailable; rounded up to seconds
	Until      time.Time     // for Forbidden: when it ends; zero = it does not, or is not known to
	Cause      error
}

// Error is for logs; it includes the cause, so it must not reach the public.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Detail
	for _, f := range e.Fields {
		s += " (" + f.Name + ": " + f.Detail + ")"
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }

// New makes a fault without a cause.
func New(kind Kind, code, detail string) *Error {
	return &Error{Kind: kind, Code: code, Detail: detail}
}

// Input makes an Invalid fault for one field.
func Input(name, code, detail string) *Error {
	return &Error{Kind: Invalid, Code: "invalid", Detail: detail, Fields: []Field{{name, code, detail}}}
}

// Missing is the one answer for what is absent, foreign or hidden.
func Missing() *Error {
	return New(NotFound, "not_found", "There is nothing here.")
}

// Wait makes a TooMany fault that names the time to wait.
func Wait(detail string, after time.Duration) *Error {
	return &Error{Kind: TooMany, Code: "rate_limited", Detail: detail, RetryAfter: after}
}

// Of returns the fault within err. Anything else is an Internal fault whose
// public sentence says nothing about it.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Code: "internal", Detail: "Something went wrong on our side. The request id helps the operator to find it.", Cause: err}
}

// Is reports whether err carries a fault with this code.
func Is(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
