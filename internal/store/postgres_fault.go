package store

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/afterword-comments/afterword/internal/fault"
)

func unavailable(code, detail string, after time.Duration, cause error) error {
	return &fault.Error{Kind: fault.Unavailable, Code: code, Detail: detail, RetryAfter: after, Cause: cause}
}

func unreachable(cause error) error {
	return unavailable("unavailable", "The service cannot reach its database. Try again in a moment.", 2*time.Second, cause)
}

// inDoubt is for those whose commit was under way when the connection was lost.
func inDoubt(cause error) error {
	return unavailable("unavailable", "The service lost its database while it was writing, and does not know whether it was written. Try again with the same Idempotency-Key: it is then written once.", 2*time.Second, cause)
}

// postgresFault tells what the caller can do about an engine's error; nil if
// it is not the engine's, or a mistake of ours.
func postgresFault(err error) error {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return serverFault(e, err)
	}
	var connecting *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &connecting) || errors.As(err, &network) || errors.Is(err, errNoConnection) || errors.Is(err, pgconn.ErrConnClosed) {
		return unreachable(err)
	}
	return nil
}

// serverFault goes by SQLSTATE.
func serverFault(e *pgconn.PgError, err error) error {
	switch e.Code {
	case "23505": // unique_violation
		return &fault.Error{Kind: fault.Conflict, Code: "conflict", Detail: "That exists already.", Cause: err}
	case "22021", "22P05": // a byte that no text can have
		return &fault.Error{Kind: fault.Malformed, Code: "invalid_parameter", Detail: "The text is not valid UTF-8, or has a zero byte.", Cause: err}
	case "40001", "40P01", "55P03": // serialization_failure, deadlock_detected, lock_not_available
		return unavailable("unavailable", "Others are changing the same things. Try again in a moment.", time.Second, err)
	case "57014": // query_canceled, by statement_timeout
		return unavailable("unavailable", "The database is too slow at the moment. Try again in a moment.", 2*time.Second, err)
	case "53100": // disk_full
		return unavailable("storage_full", "The disk of the service is full: it can be read, but nothing can be written. Nothing was changed.", 5*time.Second, err)
	case readOnly:
		return unavailable("storage_read_only", "The database of the service cannot be written. Nothing was changed.", 2*time.Second, err)
	case "25P03": // idle_in_transaction_session_timeout
		return unreachable(err)
	case "58030", "XX001", "XX002": // io_error, data_corrupted, index_corrupted
		return unavailable("storage_failed", "The disk of the service failed. Nothing was changed.", 5*time.Second, err)
	}
	switch class := e.Code[:min(2, len(e.Code))]; class {
	case "08", "53", "57": // connection, resources (too many connections), operator (shutting down, starting up)
		return unreachable(err)
	}
	return nil
}

// Masked is a --db setting without its password.
func Masked(dsn string) string {
	if !IsServer(dsn) {
		return dsn
	}
	scheme, rest, _ := strings.Cut(dsn, "://")
	address, query, asks := strings.Cut(rest, "?")
	if at := strings.LastIndex(address, "@"); at >= 0 {
		user, _, _ := strings.Cut(address[:at], ":")
		address = user + ":********" + address[at:]
	}
	if !asks {
		return scheme + "://" + address
	}
	settings := strings.Split(query, "&")
	for i, s := range settings {
		if name, _, _ := strings.Cut(s, "="); strings.Contains(strings.ToLower(name), "pass") {
			settings[i] = name + "=********"
		}
	}
	return scheme + "://" + address + "?" + strings.Join(settings, "&")
}

// badAddress says what is wrong with a setting, and nothing of what stands in
// it: pgx's own sentence may quote it.
func badAddress(dsn string, err error) error {
	sentence := err.Error()
	if i := strings.LastIndex(sentence, "`: "); i >= 0 {
		sentence = sentence[i+len("`: "):]
	}
	if Masked(dsn) != dsn && strings.ContainsAny(sentence, "@:/") {
		sentence = "the part after postgres:// is not what it should be"
	}
	return fmt.Errorf("the database address cannot be read (%s); it has the form postgres://user:password@host:5432/database", sentence)
}

// oneLine is an error for the terminal: pgx writes a line for each address that
// it has tried.
type oneLine struct{ error }

func (e *oneLine) Error() string { return strings.Join(strings.Fields(e.error.Error()), " ") }

func (e *oneLine) Unwrap() error { return e.error }
